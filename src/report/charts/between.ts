import { CLASS_TEXT, clearWinner } from "../../classes.ts";
import type { ReportRow } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { short } from "../markup/visible.ts";
import { counted, percent } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px } from "./frame.ts";
import { linear, numberTicks, percentTicks } from "./ticks.ts";
import type { Marked } from "./triangle.ts";

const BINS = 20;
const AREA: Frame = { ...FRAME, height: 330, top: 40, bottom: 288 };
/** Height above the bars, in which the rings of the marked rows lie. */
const RINGS = 26;
const TRUTHS = ["a", "b", "none"] as const;

/** Draws the rows of a judge without ties by the probability of B: bars of the rows in each twentieth, parted by their true class. */
export function rowsBetween(rows: readonly ReportRow[], marked: readonly Marked[]): Html {
  const placed = rows.filter(({ probabilities: [, b] }) => b >= 0 && b <= 1);
  const bins = Array.from({ length: BINS }, () => ({ a: 0, b: 0, none: 0 }));
  for (const { probabilities, truth } of placed) {
    const winner = clearWinner(truth);
    const bin = bins[Math.min(BINS - 1, Math.floor(probabilities[1] * BINS))];
    if (bin !== undefined) bin[winner === "a" || winner === "b" ? winner : "none"] += 1;
  }
  const x = linear([0, 1], [AREA.left, AREA.right]);
  const most = Math.max(1, ...bins.map(({ a, b, none }) => a + b + none));
  const y = linear([0, most], [AREA.bottom, AREA.top + RINGS]);
  const forB = placed.filter(({ probabilities: [a, b] }) => b > a).length;
  const desc = `${counted(placed.length, "row")} by the probability that B is better: ${percent(forB / placed.length)} are above one half.`;
  return picture({ id: "between", title: "Probabilities of all rows", desc, links: true }, AREA, [
    axes(
      AREA,
      { label: "probability that B is better", ticks: percentTicks(x, 5) },
      { label: "rows", ticks: numberTicks(y, 4) },
    ),
    html`${bins.map((bin, index) => bar(bin, [x(index / BINS) + 0.5, x((index + 1) / BINS) - 0.5], y, index))}`,
    html`<path class="border" d="M${px(x(0.5))} ${AREA.top}V${AREA.bottom}"/>`,
    html`<g class="rings">${marked.map((one, index) => ring(one, x, AREA.top + 5 + 5 * (index % 4)))}</g>`,
  ]);
}

type Bin = Readonly<Record<(typeof TRUTHS)[number], number>>;

function bar(bin: Bin, [left, right]: readonly [number, number], y: (rows: number) => number, index: number): Html {
  const range = `${percent(index / BINS)} to ${percent((index + 1) / BINS)}`;
  let below = 0;
  return html`${TRUTHS.map((truth) => {
    const [from, to] = [below, below + bin[truth]];
    below = to;
    const name = truth === "none" ? "truth unknown" : `truth ${CLASS_TEXT[truth]}`;
    return (
      to > from &&
      html`<rect class="s-${truth}" x="${px(left)}" y="${px(y(to))}" width="${px(right - left)}" height="${px(y(from) - y(to))}"><title>${range}, ${name}: ${counted(to - from, "row")}</title></rect>`
    );
  })}`;
}

function ring({ row: { id, probabilities }, target }: Marked, x: (share: number) => number, y: number): Html {
  const [a, b] = probabilities;
  return html`<a href="#${target}"><title>${short(id, 40)}: A ${percent(a)}, B ${percent(b)}</title><circle cx="${px(x(b))}" cy="${px(y)}" r="4.5"/></a>`;
}
