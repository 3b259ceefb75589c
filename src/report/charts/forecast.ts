import { area, line } from "d3-shape";
import type { Band, ForecastPoint, Timing } from "../data.ts";
import { type Html, html } from "../html.ts";
import { duration, percent } from "../number.ts";
import { bandGround, bandKey } from "./bands.ts";
import { axes, FRAME, type Frame, picture, px } from "./frame.ts";
import { spread } from "./spread.ts";
import { linear, timeTicks } from "./ticks.ts";

/** How a run went: what was foreseen, what was in force, and how it ended. */
export interface Course {
  readonly forecasts: readonly ForecastPoint[];
  readonly bands: readonly Band[];
  readonly timing: Pick<Timing, "wallMs" | "deadlineMs" | "guardMs" | "firstPassMs">;
}

/** A chart that is not put into its picture yet. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Says in words what it shows. */
  readonly desc: string;
  readonly body: readonly Html[];
}

/** Draws each forecast of the end, with its 90 % interval, over the steps of the ladder, against the real end and the deadline. */
export function forecastChart(course: Course): Html {
  const { desc, body, ...size } = drawForecast(course, FRAME);
  return picture({ id: "forecast", title: "Forecast against reality", desc }, size, body);
}

/** The same as forecastChart, in any frame and without its picture. */
export function drawForecast(course: Course, frame: Frame): Drawing {
  const { key, height } = bandKey(course.bands, frame, frame.bottom + KEY);
  return {
    width: frame.width,
    height: Math.max(frame.height, frame.bottom + KEY + height),
    desc: describe(course),
    body: [...plot(course, frame), key],
  };
}

/** Distance of the key from the lower end of the frame. */
const KEY = 46;

function plot({ forecasts, bands, timing }: Course, frame: Frame): readonly Html[] {
  const { wallMs, deadlineMs, guardMs, firstPassMs } = timing;
  const points = forecasts.filter(({ atMs, endMs }) => Number.isFinite(atMs + endMs));
  const [low, high] = span(points, timing);
  const x = linear([0, wallMs], [frame.left, frame.right]);
  const y = linear([low, high], [frame.bottom, frame.top]);
  const band = area<ForecastPoint>(
    ({ atMs }) => px(x(atMs)),
    ({ lowMs }) => px(y(finite(lowMs, low))),
    ({ highMs }) => px(y(finite(highMs, high))),
  );
  const middle = line<ForecastPoint>(
    ({ atMs }) => px(x(atMs)),
    ({ endMs }) => px(y(endMs)),
  );
  const spacing = wallMs / (frame.right - frame.left);
  const passes = ([1, 2] as const).map((pass) =>
    thin(
      points.filter((point) => point.pass === pass),
      spacing,
    ),
  );
  const showsFirst = firstPassMs !== null && passes[1]?.length !== 0;
  const levels: readonly (Level | false)[] = [
    { kind: "actual", text: `ended ${duration(wallMs)}`, ms: wallMs },
    showsFirst && { kind: "first", text: `every row once ${duration(firstPassMs)}`, ms: firstPassMs },
    guardMs !== null && guardMs <= high && { kind: "guard", text: `guard ${duration(guardMs)}`, ms: guardMs },
    deadlineMs !== null &&
      deadlineMs <= high && { kind: "deadline", text: `deadline ${duration(deadlineMs)}`, ms: deadlineMs },
  ];
  return [
    bandGround(bands, frame, x),
    axes(
      frame,
      { label: "time since the run began", ticks: timeTicks(x, frame.width / 60) },
      { label: "forecast of the end", ticks: timeTicks(y, 6) },
    ),
    html`${passed(low, high, wallMs, x, y, frame)}${passes.map((some) => html`<path class="band interval" d="${band(some) ?? ""}"/><path class="line strong" d="${middle(some) ?? ""}"/>`)}`,
    ...drawLevels(
      levels.filter((one) => one !== false),
      y,
      frame,
    ),
    html`${deadlineMs !== null && deadlineMs > high && beyond(deadlineMs, frame)}`,
  ];
}

/** Leaves out what would be drawn on the same spot: a night of forecasts would make a file of a megabyte. */
function thin(points: readonly ForecastPoint[], spacingMs: number): readonly ForecastPoint[] {
  let shownMs = Number.NEGATIVE_INFINITY;
  return points.filter(({ atMs }, index) => {
    if (atMs - shownMs < spacingMs && index < points.length - 1) return false;
    shownMs = atMs;
    return true;
  });
}

interface Level {
  readonly kind: "actual" | "first" | "guard" | "deadline";
  readonly text: string;
  readonly ms: number;
}

/** Lines across, each with its name above it where there is room, names apart from each other. */
function drawLevels(levels: readonly Level[], y: (ms: number) => number, frame: Frame): readonly Html[] {
  const wanted = levels.map(({ ms }) => Math.max(y(ms) - 5, frame.top + 11));
  const texts = spread(wanted, 13, frame.bottom - 4);
  return levels.map(
    ({ kind, text, ms }, index) =>
      html`<path class="level ${kind}" d="M${frame.left} ${px(y(ms))}H${frame.right}"/><text class="note halo" x="${frame.right - 4}" y="${px(texts[index] ?? 0)}" text-anchor="end">${text}</text>`,
  );
}

/** Where time itself is: a forecast cannot lie below. */
function passed(
  low: number,
  high: number,
  wallMs: number,
  x: (ms: number) => number,
  y: (ms: number) => number,
  frame: Frame,
): Html | false {
  const until = Math.min(wallMs, high);
  if (until <= low) return false;
  return html`<path class="past" d="M${px(x(low))} ${frame.bottom}L${px(x(until))} ${px(y(until))}V${frame.bottom}Z"/>${px(x(until)) - px(x(low)) > 100 && frame.bottom - y(until) > 40 && html`<text x="${frame.right - 4}" y="${frame.bottom - 7}" text-anchor="end">passed already</text>`}`;
}

function beyond(deadlineMs: number, frame: Frame): Html {
  return html`<text class="note halo" x="${frame.right - 4}" y="${frame.top + 11}" text-anchor="end">deadline ${duration(deadlineMs)} ↑</text>`;
}

/** From below the earliest end to above the latest, and to the deadline where it is near. Wide early intervals are cut, so that they do not flatten the rest. */
function span(
  points: readonly ForecastPoint[],
  { wallMs, deadlineMs, firstPassMs }: Course["timing"],
): readonly [number, number] {
  const later = points.filter(({ share }) => share >= 0.02).flatMap(({ lowMs, highMs }) => [lowMs, highMs]);
  const all = [wallMs, firstPassMs ?? wallMs, ...points.map(({ endMs }) => endMs), ...later].filter(Number.isFinite);
  const low = all.reduce((one, other) => Math.min(one, other));
  const high = all.reduce((one, other) => Math.max(one, other));
  const spread = Math.max(high - low, 0.02 * high);
  const near = deadlineMs !== null && deadlineMs > high && deadlineMs - high < 0.8 * spread ? deadlineMs : high;
  return [Math.max(0, Math.min(low, deadlineMs ?? low) - 0.15 * spread), near + 0.15 * spread];
}

function describe({ forecasts, bands, timing: { wallMs, deadlineMs } }: Course): string {
  const first = forecasts.find(({ atMs, endMs }) => Number.isFinite(atMs + endMs));
  const foreseen = first
    ? ` The first forecast, at ${percent(first.share)} of the work, said ${duration(first.endMs)} (${duration(first.lowMs)} to ${duration(first.highMs)}).`
    : "";
  const steps = bands.length === 0 ? "" : ` In force were: ${[...new Set(bands.map(({ name }) => name))].join(", ")}.`;
  return `The run ended after ${duration(wallMs)}.${foreseen}${deadlineMs === null ? "" : ` The deadline was at ${duration(deadlineMs)}.`}${steps}`;
}

function finite(value: number, instead: number): number {
  return Number.isFinite(value) ? value : instead;
}
