import { area, line } from "d3-shape";
import type { StoppingLook, StoppingPath } from "../data/comparison-data.ts";
import { type Html, html } from "../markup/html.ts";
import { counted, fixed, range, signed } from "../text/number.ts";
import { axes, FRAME, picture, px } from "./frame.ts";
import { linear, numberTicks } from "./ticks.ts";

/**
 * Draws a confidence sequence: the difference and its interval after every look. All these intervals hold at the same
 * time.
 */
export function sequenceChart({ first, second, looks }: StoppingPath, id: string): Html {
  const points = looks.filter(({ difference: { low, high } }) => Number.isFinite(low) && Number.isFinite(high));
  const last = points.at(-1);
  // The scale comes from the last three quarters of the looks, because the intervals of the first looks are very wide.
  const later = points
    .slice(Math.floor(points.length / 4))
    .flatMap(({ difference: { low, high } }) => [low ?? 0, high ?? 0]);
  const reach = Math.max(...later.map(Math.abs), 1e-3) * 1.1;
  const x = linear([0, last?.rows ?? 1], [FRAME.left, FRAME.right]);
  const y = linear([-reach, reach], [FRAME.bottom, FRAME.top]);
  const band = area<StoppingLook>(
    ({ rows }) => px(x(rows)),
    ({ difference }) => px(y(difference.low ?? 0)),
    ({ difference }) => px(y(difference.high ?? 0)),
  );
  const middle = line<StoppingLook>(
    ({ rows }) => px(x(rows)),
    ({ difference }) => px(y(difference.value)),
  );
  const desc = last
    ? `After ${counted(last.rows, "row")} the difference is ${signed(last.difference.value, 3)} nats (${range(last.difference, (value) => signed(value, 3))}).`
    : "No interim results.";
  const ticks = y.ticks(5).map((value) => ({ at: y(value), text: value === 0 ? "0" : fixed(value, 2) }));
  return picture({ id, title: `Early stopping: ${first} minus ${second}`, desc }, FRAME, [
    axes(FRAME, { label: "rows seen", ticks: numberTicks(x, 5) }, { label: "difference in log loss, nats", ticks }),
    html`<path class="ideal" d="M${FRAME.left} ${px(y(0))}H${FRAME.right}"/><path class="band" d="${band(points) ?? ""}"/><path class="line strong" d="${middle(points) ?? ""}"/>`,
  ]);
}
