import { area, line } from "d3-shape";
import type { Band, ForecastPoint, Timing } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { duration, percent } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px, spread } from "./frame.ts";
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

type Position = (value: number) => number;

/** Colours the ground of a chart over time: one rectangle for each stretch in which one thing was in force. */
export function bandGround(bands: readonly Band[], frame: Frame, x: Position): Html {
  return html`<g class="steps">${bands.map((band) => {
    const [from, to] = [px(x(band.fromMs)), px(x(band.toMs))];
    return (
      to > from &&
      html`<rect class="${band.kind}" x="${from}" y="${frame.top}" width="${px(to - from)}" height="${frame.bottom - frame.top}"><title>${band.name}: ${duration(band.fromMs)} to ${duration(band.toMs)}</title></rect>`
    );
  })}</g>`;
}

const LINE = 18;
const SWATCH = 11;
/** Width of a character at most, in units of the view box. */
const CHARACTER = 6.2;

/** The key of the forecast and of the bands, each name once, in lines that fit the frame. */
export function bandKey(
  bands: readonly Band[],
  frame: Frame,
  top: number,
): { readonly key: Html; readonly height: number } {
  const names = [...new Map([...LINES, ...bands].map((band) => [band.name, band])).values()];
  let [left, line] = [frame.left, 0];
  const entries = names.map(({ name, kind }) => {
    const width = SWATCH + 6 + name.length * CHARACTER;
    if (left > frame.left && left + width > frame.right) [left, line] = [frame.left, line + 1];
    const at = { x: left, y: top + line * LINE };
    left += width + 12;
    return html`${swatch(kind, at)}<text x="${px(at.x + SWATCH + 5)}" y="${px(at.y + 9.5)}">${name}</text>`;
  });
  return { key: html`<g class="steps key">${entries}</g>`, height: (line + 1) * LINE };
}

const LINES = [
  { name: "forecast", kind: "line" },
  { name: "90\u00a0% interval", kind: "interval" },
] as const;

function swatch(kind: Band["kind"] | "line" | "interval", { x, y }: { readonly x: number; readonly y: number }): Html {
  if (kind === "line") return html`<path class="line strong" d="M${px(x)} ${px(y + SWATCH / 2)}H${px(x + SWATCH)}"/>`;
  return html`<rect class="${kind}" x="${px(x)}" y="${px(y)}" width="${SWATCH}" height="${SWATCH}"/>`;
}
