import { line } from "d3-shape";
import type { Reliability, ReliabilityPoint } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { counted, percent, range } from "../text/number.ts";
import { axes, type Frame, picture, px } from "./frame.ts";
import { linear, percentTicks } from "./ticks.ts";

const AREA: Frame = { width: 360, height: 330, left: 46, right: 342, top: 30, bottom: 288 };
/** Height of the bar of the bin that has the most rows. */
const BARS = 26;

/**
 * Draws for each bin of predicted probabilities the share of rows in which the prediction came true, with its interval.
 * Bars below show the number of rows in each bin.
 */
export function reliability({ name, bins }: Reliability, id: string): Html {
  const drawn = bins.filter((bin) => Number.isFinite(bin.predicted) && Number.isFinite(bin.observed.value));
  const x = linear([0, 1], [AREA.left, AREA.right]);
  const y = linear([0, 1], [AREA.bottom, AREA.top]);
  const most = Math.max(1, ...drawn.map((bin) => bin.rows));
  const path = line<ReliabilityPoint>(
    (bin) => px(x(bin.predicted)),
    (bin) => px(y(bin.observed.value)),
  );
  const desc = `${drawn.map(describe).join("; ")}. On the broken line, probabilities are exactly right.`;
  return picture({ id, title: `Reliability: ${name}`, desc }, AREA, [
    axes(
      AREA,
      { label: "probability given", ticks: percentTicks(x, 5) },
      { label: "came true", ticks: percentTicks(y, 5) },
    ),
    html`<path class="ideal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/><path class="line" d="${path(drawn) ?? ""}"/>`,
    ...drawn.map(({ predicted, observed, rows }) => {
      const [at, height] = [px(x(predicted)), px((BARS * rows) / most)];
      const bar = html`<rect class="bar faint" x="${px(at - 4)}" y="${px(AREA.bottom - height)}" width="8" height="${height}"/>`;
      const ends =
        observed.low !== null &&
        observed.high !== null &&
        html`<path class="whisker" d="M${at} ${px(y(observed.low))}V${px(y(observed.high))}"/>`;
      return html`<g><title>${describe({ predicted, observed, rows })}</title>${bar}${ends}<circle class="mark" cx="${at}" cy="${px(y(observed.value))}" r="3.2"/></g>`;
    }),
  ]);
}

function describe({ predicted, observed, rows }: ReliabilityPoint): string {
  const ends = range(observed, percent);
  return `given ${percent(predicted)}, came true ${percent(observed.value)}${ends && ` (${ends})`}, ${counted(rows, "row")}`;
}
