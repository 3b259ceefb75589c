import { area, curveStep } from "d3-shape";
import { mean } from "../../numbers/sums.ts";
import type { RequestPoint } from "../../runfolder/timeline/timeline.ts";
import { type Html, html } from "../markup/html.ts";
import { count, duration } from "../text/number.ts";
import { axes, FRAME, picture, px } from "./frame.ts";
import { linear, numberTicks, timeTicks } from "./ticks.ts";

const BINS = 72;

/**
 * Draws tokens per second over the time of the run. A mark below the chart shows every period in which requests failed.
 */
export function throughput(requests: readonly RequestPoint[], wallMs: number): Html {
  const width = Math.max(1, wallMs) / BINS;
  const rates = tokenRates(
    requests.filter(({ ok }) => ok),
    width,
    BINS,
  );
  const failures = new Set(
    requests.filter(({ ok }) => !ok).map(({ endMs }) => Math.min(BINS - 1, Math.floor(endMs / width))),
  );
  const x = linear([0, BINS * width], [FRAME.left, FRAME.right]);
  const y = linear([0, Math.max(1, ...rates) * 1.08], [FRAME.bottom, FRAME.top]);
  const shape = area<number>()
    .x((_, bin) => px(x((bin + 0.5) * width)))
    .y0(FRAME.bottom)
    .y1((rate) => px(y(rate)))
    .curve(curveStep);
  const average = mean(rates);
  const desc = `Prompt tokens per second in periods of ${duration(width)}: on average ${count(average)}, at most ${count(Math.max(...rates))}. Requests failed in ${count(failures.size)} of ${BINS} periods.`;
  return picture({ id: "throughput", title: "Throughput over the run", desc }, FRAME, [
    axes(
      FRAME,
      { label: "time since the run began", ticks: timeTicks(x, 6) },
      { label: "prompt tokens per second", ticks: numberTicks(y, 5) },
    ),
    html`<path class="area" d="${shape(rates) ?? ""}"/>`,
    html`<path class="rule" d="M${FRAME.left} ${px(y(average))}H${FRAME.right}"/>`,
    ...[...failures].map(
      (bin) =>
        html`<rect class="bad" x="${px(x(bin * width))}" y="${FRAME.bottom - 5}" width="${px(x(width) - x(0))}" height="5"><title>requests failed here</title></rect>`,
    ),
  ]);
}

/**
 * Computes tokens per second in equal periods from the beginning of a run. The tokens of a request are spread evenly
 * over its duration. Tokens after the last period are added to that period. `width` is the length of a period in ms.
 */
export function tokenRates(requests: readonly RequestPoint[], width: number, periods: number): number[] {
  const tokens = new Array<number>(periods).fill(0);
  for (const request of requests) {
    // A request with a duration of 0 still needs a short time to which its tokens are assigned.
    const end = Math.max(request.endMs, INSTANT);
    const begin = Math.max(0, end - Math.max(request.ms, INSTANT));
    const last = Math.min(periods - 1, Math.floor(end / width));
    for (let bin = Math.min(last, Math.floor(begin / width)); bin <= last; bin += 1) {
      const until = bin === periods - 1 ? end : Math.min(end, (bin + 1) * width);
      const overlap = Math.max(0, until - Math.max(begin, bin * width));
      tokens[bin] = (tokens[bin] ?? 0) + (request.tokens * overlap) / (end - begin);
    }
  }
  return tokens.map((value) => value / (width / 1000));
}

/** Shortest duration of a request, ms. */
const INSTANT = 1e-3;
