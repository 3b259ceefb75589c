import { area, line } from "d3-shape";
import type { ForecastPoint } from "../data.ts";
import { type Html, html } from "../html.ts";
import { duration, percent } from "../number.ts";
import { axes, FRAME, picture, px } from "./frame.ts";
import { linear, timeTicks } from "./ticks.ts";

/** Draws each forecast of the end, with its 90 % interval, against the real end and the deadline. */
export function forecastChart(forecasts: readonly ForecastPoint[], wallMs: number, deadlineMs: number | null): Html {
  const points = forecasts.filter(({ atMs, endMs }) => Number.isFinite(atMs + endMs));
  const [low, high] = span(points, wallMs, deadlineMs);
  const x = linear([0, wallMs], [FRAME.left, FRAME.right]);
  const y = linear([low, high], [FRAME.bottom, FRAME.top]);
  const band = area<ForecastPoint>(
    ({ atMs }) => px(x(atMs)),
    ({ lowMs }) => px(y(finite(lowMs, low))),
    ({ highMs }) => px(y(finite(highMs, high))),
  );
  const middle = line<ForecastPoint>(
    ({ atMs }) => px(x(atMs)),
    ({ endMs }) => px(y(endMs)),
  );
  const first = points[0];
  const desc = `The run ended after ${duration(wallMs)}.${first ? ` The first forecast, at ${percent(first.share)} of the work, said ${duration(first.endMs)} (${duration(first.lowMs)} to ${duration(first.highMs)}).` : ""}${deadlineMs === null ? "" : ` The deadline was at ${duration(deadlineMs)}.`}`;
  return picture(
    { id: "forecast", title: "Forecast against reality", desc },
    FRAME,
    [
      axes(
        FRAME,
        { label: "time since the run began", ticks: timeTicks(x, 6) },
        { label: "forecast of the end", ticks: timeTicks(y, 6) },
      ),
      html`<path class="band" d="${band(points) ?? ""}"/><path class="line strong" d="${middle(points) ?? ""}"/>`,
      level(y(wallMs), "actual end", "actual"),
      deadlineMs !== null && (deadlineMs <= high ? level(y(deadlineMs), "deadline", "deadline") : beyond(deadlineMs)),
    ].filter((part) => part !== false),
  );
}

function level(at: number, text: string, kind: string): Html {
  // The text goes above its line, or below where it would leave the frame.
  const above = at - FRAME.top > 14;
  return html`<path class="level ${kind}" d="M${FRAME.left} ${px(at)}H${FRAME.right}"/><text class="note halo" x="${FRAME.right - 2}" y="${px(above ? at - 5 : at + 13)}" text-anchor="end">${text}</text>`;
}

function beyond(deadlineMs: number): Html {
  return html`<text class="note halo" x="${FRAME.right - 2}" y="${FRAME.top + 11}" text-anchor="end">deadline ${duration(deadlineMs)} ↑</text>`;
}

/** From below the earliest end to above the latest, and to the deadline where it is near. Wide early intervals are cut, so that they do not flatten the rest. */
function span(points: readonly ForecastPoint[], wallMs: number, deadlineMs: number | null): readonly [number, number] {
  const later = points.filter(({ share }) => share >= 0.02).flatMap(({ lowMs, highMs }) => [lowMs, highMs]);
  const all = [wallMs, ...points.map(({ endMs }) => endMs), ...later].filter(Number.isFinite);
  const low = all.reduce((one, other) => Math.min(one, other));
  const high = all.reduce((one, other) => Math.max(one, other));
  const spread = Math.max(high - low, 0.02 * high);
  const near = deadlineMs !== null && deadlineMs > high && deadlineMs - high < 0.8 * spread ? deadlineMs : high;
  return [Math.max(0, Math.min(low, deadlineMs ?? low) - 0.15 * spread), near + 0.15 * spread];
}

function finite(value: number, instead: number): number {
  return Number.isFinite(value) ? value : instead;
}
