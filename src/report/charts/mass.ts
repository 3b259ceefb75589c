import { quantileSorted } from "../../numbers/quantile.ts";
import type { ReportRow } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { counted, massText, percent } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px } from "./frame.ts";
import { linear, numberTicks, percentTicks } from "./ticks.ts";

const BINS = 40;
const AREA: Frame = { ...FRAME, height: 230, bottom: 188 };

/** Draws the distribution of the label mass. `sorted` contains one mass per row, 0 to 1, in ascending order. */
export function massHistogram(sorted: readonly number[], median: number, p5: number): Html {
  const counts = new Array<number>(BINS).fill(0);
  for (const mass of sorted) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(mass * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const x = linear([0, 1], [AREA.left, AREA.right]);
  const y = linear([0, Math.max(1, ...counts)], [AREA.bottom, AREA.top + LABELS]);
  const bars = counts.map((rows, bin) => {
    const [from, to] = [bin / BINS, (bin + 1) / BINS];
    const text = `${percent(from, 1)} to ${percent(to, 1)}: ${counted(rows, "row")}`;
    return (
      rows > 0 &&
      html`<rect class="bar" x="${px(x(from) + 0.5)}" y="${px(y(rows))}" width="${px(x(to) - x(from) - 1)}" height="${px(AREA.bottom - y(rows))}"><title>${text}</title></rect>`
    );
  });
  const desc = `Label mass of ${counted(sorted.length, "row")}: median ${massText(median)}, 5th percentile ${massText(p5)}.`;
  return picture({ id: "mass", title: "Distribution of the label mass", desc }, AREA, [
    axes(
      AREA,
      { label: "probability of all labels together", ticks: percentTicks(x, 5) },
      { label: "rows", ticks: numberTicks(y, 4) },
    ),
    html`${bars}${rule(x(median), `median ${massText(median)}`, 8)}${rule(x(p5), `5th percentile ${massText(p5)}`, LABELS - 6)}`,
  ]);
}

/** Height above the bars for the two labels, one below the other, so that they never cover each other. */
const LABELS = 28;

/**
 * Draws a dashed line downwards from the label. The label is on the side of the line where the picture has more space.
 */
function rule(at: number, text: string, below: number): Html {
  const leftwards = at > (AREA.left + AREA.right) / 2;
  const line = html`<path class="rule" d="M${px(at)} ${AREA.top + below - 8}V${AREA.bottom}"/>`;
  return html`${line}<text class="note halo" x="${px(at + (leftwards ? -5 : 5))}" y="${AREA.top + below}" text-anchor="${leftwards ? "end" : "start"}">${text}</text>`;
}

/**
 * Collects the known label masses in ascending order, with their median and 5th percentile; null when none is known.
 */
export function massOf(
  rows: readonly ReportRow[],
): { readonly sorted: readonly number[]; readonly median: number; readonly p5: number } | null {
  const sorted = rows
    .flatMap(({ mass }) => (mass !== null && Number.isFinite(mass) ? [mass] : []))
    .sort((one, other) => one - other);
  return sorted.length === 0 ? null : { sorted, median: quantileSorted(sorted, 0.5), p5: quantileSorted(sorted, 0.05) };
}
