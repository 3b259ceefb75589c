import { line } from "d3-shape";
import { median, quantileSorted } from "../../numbers/quantile.ts";
import type { RequestPoint } from "../../runfolder/timeline/timeline.ts";
import { type Html, html } from "../markup/html.ts";
import { count, duration } from "../text/number.ts";
import { dots } from "./dots.ts";
import { axes, FRAME, picture, px } from "./frame.ts";
import { linear, numberTicks, timeTicks } from "./ticks.ts";

const BINS = 10;

/**
 * Draws the time of each successful request against its tokens, and the median time in each tenth of the requests by
 * tokens.
 */
export function requestTime(requests: readonly RequestPoint[]): { readonly chart: Html; readonly hidden: number } {
  const points = requests.filter(({ ok, ms }) => ok && ms >= 0);
  const times = points.map(({ ms }) => ms).sort((one, other) => one - other);
  // Without this limit, one request that hung would make the scale so long that all others would lie on the axis.
  const top = Math.min(times.at(-1) ?? 1, 2 * quantileSorted(times, 0.995));
  const x = linear([0, points.reduce((most, { tokens }) => Math.max(most, tokens), 1)], [FRAME.left, FRAME.right]);
  const y = linear([0, top], [FRAME.bottom, FRAME.top]);
  const drawn = points.filter(({ ms }) => ms <= top);
  const middles = tenths(drawn);
  const path = line<Middle>(
    ({ tokens }) => px(x(tokens)),
    ({ ms }) => px(y(ms)),
  );
  const first = middles[0];
  const last = middles.at(-1);
  const desc =
    first && last
      ? `${count(points.length)} requests. Median time from ${duration(first.ms)} at ${count(first.tokens)} tokens to ${duration(last.ms)} at ${count(last.tokens)} tokens.`
      : "No requests.";
  const chart = picture({ id: "requests", title: "Tokens against time per request", desc }, FRAME, [
    axes(
      FRAME,
      { label: "prompt tokens of the request", ticks: numberTicks(x, 5) },
      { label: "time of the request", ticks: timeTicks(y, 6) },
    ),
    dots(drawn.map(({ tokens, ms }) => ({ x: x(tokens), y: y(ms), colour: "p-data" }))),
    html`<path class="line strong" d="${path(middles) ?? ""}"/>`,
    ...middles.map(
      ({ tokens, ms, requests }) =>
        html`<circle class="mark" cx="${px(x(tokens))}" cy="${px(y(ms))}" r="3.2"><title>${count(tokens)} tokens: median ${duration(ms)} over ${count(requests)} requests</title></circle>`,
    ),
  ]);
  return { chart, hidden: points.length - drawn.length };
}

interface Middle {
  readonly tokens: number;
  readonly ms: number;
  readonly requests: number;
}

function tenths(points: readonly RequestPoint[]): Middle[] {
  const sorted = [...points].sort((one, other) => one.tokens - other.tokens);
  const size = Math.max(1, Math.ceil(sorted.length / BINS));
  const parts = Array.from({ length: Math.ceil(sorted.length / size) }, (_, index) =>
    sorted.slice(index * size, (index + 1) * size),
  );
  return parts.map((part) => ({
    tokens: median(part.map(({ tokens }) => tokens)),
    ms: median(part.map(({ ms }) => ms)),
    requests: part.length,
  }));
}
