import { area, curveStep } from "d3-shape";
import type { RequestPoint } from "../data.ts";
import { type Html, html } from "../html.ts";
import { count, duration } from "../number.ts";
import { tokenRates } from "../rates.ts";
import { axes, FRAME, picture, px } from "./frame.ts";
import { linear, numberTicks, timeTicks } from "./ticks.ts";

const BINS = 72;

/** Draws tokens per second over the run, with a mark below for every stretch in which requests failed. */
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
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / BINS;
  const desc = `Prompt tokens per second in stretches of ${duration(width)}: on average ${count(mean)}, at most ${count(Math.max(...rates))}. Requests failed in ${count(failures.size)} of ${BINS} stretches.`;
  return picture({ id: "throughput", title: "Throughput over the run", desc }, FRAME, [
    axes(
      FRAME,
      { label: "time since the run began", ticks: timeTicks(x, 6) },
      { label: "prompt tokens per second", ticks: numberTicks(y, 5) },
    ),
    html`<path class="area" d="${shape(rates) ?? ""}"/>`,
    html`<path class="rule" d="M${FRAME.left} ${px(y(mean))}H${FRAME.right}"/>`,
    ...[...failures].map(
      (bin) =>
        html`<rect class="bad" x="${px(x(bin * width))}" y="${FRAME.bottom - 5}" width="${px(x(width) - x(0))}" height="5"><title>requests failed here</title></rect>`,
    ),
  ]);
}
