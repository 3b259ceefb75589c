import { type Html, html } from "../markup/html.ts";
import { counted, fixed, percent } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px } from "./frame.ts";
import { linear, numberTicks, percentTicks } from "./ticks.ts";

const BINS = 40;
const AREA: Frame = { ...FRAME, height: 230, bottom: 188 };

/** Draws the distribution of the label mass; `sorted` holds one mass per row, 0 to 1, ascending. */
export function massHistogram(sorted: readonly number[], median: number, p5: number): Html {
  const counts = new Array<number>(BINS).fill(0);
  for (const mass of sorted) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(mass * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const x = linear([0, 1], [AREA.left, AREA.right]);
  const y = linear([0, Math.max(1, ...counts)], [AREA.bottom, AREA.top + 14]);
  const bars = counts.map((rows, bin) => {
    const [from, to] = [bin / BINS, (bin + 1) / BINS];
    const text = `${percent(from, 1)} to ${percent(to, 1)}: ${counted(rows, "row")}`;
    return (
      rows > 0 &&
      html`<rect class="bar" x="${px(x(from) + 0.5)}" y="${px(y(rows))}" width="${px(x(to) - x(from) - 1)}" height="${px(AREA.bottom - y(rows))}"><title>${text}</title></rect>`
    );
  });
  const desc = `Label mass of ${counted(sorted.length, "row")}: median ${fixed(median, 3)}, 5th percentile ${fixed(p5, 3)}.`;
  return picture({ id: "mass", title: "Distribution of the label mass", desc }, AREA, [
    axes(
      AREA,
      { label: "probability of all labels together", ticks: percentTicks(x, 5) },
      { label: "rows", ticks: numberTicks(y, 4) },
    ),
    html`${bars}${rule(x(p5), "5th percentile", p5 > 0.5)}${Math.abs(x(median) - x(p5)) > 60 && rule(x(median), "median", median > 0.5)}`,
  ]);
}

function rule(at: number, text: string, leftwards: boolean): Html {
  return html`<path class="rule" d="M${px(at)} ${AREA.top}V${AREA.bottom}"/><text class="note" x="${px(at + (leftwards ? -5 : 5))}" y="${AREA.top + 8}" text-anchor="${leftwards ? "end" : "start"}">${text}</text>`;
}
