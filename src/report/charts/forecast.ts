import { area, line } from "d3-shape";
import type { Band } from "../../runfolder/timeline/bands.ts";
import type { TimelineForecast, Timing } from "../../runfolder/timeline/timeline.ts";
import { type Html, html } from "../markup/html.ts";
import { duration, percent } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px, spread } from "./frame.ts";
import { linear, timeTicks } from "./ticks.ts";

/** The forecasts of a run, the ladder steps that were used, and the actual times. */
export interface ForecastHistory {
  readonly forecasts: readonly TimelineForecast[];
  readonly bands: readonly Band[];
  readonly timing: Pick<Timing, "wallMs" | "deadlineMs" | "watchdogMs" | "firstPassMs">;
}

/** A chart without the picture element around it. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** A description of the chart's content in words. */
  readonly desc: string;
  readonly body: readonly Html[];
}

/**
 * Draws each forecast of the end with its 90 % interval, the real end and the deadline. The background shows the ladder
 * steps.
 */
export function forecastChart(history: ForecastHistory): Html {
  const { desc, body, ...size } = drawForecast(history, FRAME);
  return picture({ id: "forecast", title: "Forecast against reality", desc }, size, body);
}

/**
 * Draws the chart of `forecastChart` in any frame, without a picture element around it. The labels of the horizontal
 * lines are in a margin at the right.
 */
export function drawForecast(history: ForecastHistory, whole: Frame): Drawing {
  const frame = { ...whole, right: whole.right - MARGIN };
  const { key, height } = bandKey(history.bands, whole, whole.bottom + KEY);
  return {
    width: whole.width,
    height: Math.max(whole.height, whole.bottom + KEY + height),
    desc: describe(history),
    body: [...plot(history, frame), key],
  };
}

/** Width of the margin with the labels; no line crosses it. */
const MARGIN = 62;
/** Distance between the key and the lower end of the frame. */
const KEY = 46;

type Scale = (ms: number) => number;

function plot({ forecasts, bands, timing }: ForecastHistory, frame: Frame): readonly Html[] {
  const { wallMs } = timing;
  const points = forecasts.filter(({ atMs, endMs }) => Number.isFinite(atMs + endMs));
  const [low, high] = verticalRange(points, timing);
  const x = linear([0, wallMs], [frame.left, frame.right]);
  const y = linear([low, high], [frame.bottom, frame.top]);
  const band = area<TimelineForecast>(
    ({ atMs }) => px(x(atMs)),
    ({ lowMs }) => px(y(Number.isFinite(lowMs) ? lowMs : low)),
    ({ highMs }) => px(y(Number.isFinite(highMs) ? highMs : high)),
  );
  const middle = line<TimelineForecast>(
    ({ atMs }) => px(x(atMs)),
    ({ endMs }) => px(y(endMs)),
  );
  const spacing = wallMs / (frame.right - frame.left);
  const passes = ([1, 2] as const).map((pass) => thin(points, pass, spacing));
  const levels = levelsOf(timing, high, passes[1]?.length !== 0);
  return [
    bandRectangles(bands, frame, x),
    axes(
      frame,
      { label: "time since the run began", ticks: timeTicks(x, (frame.right - frame.left) / 60) },
      { label: "forecast of the end", ticks: timeTicks(y, 6) },
    ),
    html`${passedAlready(low, Math.min(wallMs, high), x, y, frame)}${passes.map((some) => html`<path class="band interval" d="${band(some) ?? ""}"/><path class="line strong" d="${middle(some) ?? ""}"/>`)}`,
    ...drawLevels(levels, y, frame),
  ];
}

/**
 * Leaves out points of a pass that would be drawn at the same place, because the forecasts of a whole night would make
 * a file of a megabyte.
 */
function thin(points: readonly TimelineForecast[], pass: 1 | 2, spacingMs: number): readonly TimelineForecast[] {
  let drawnMs = Number.NEGATIVE_INFINITY;
  return points
    .filter((point) => point.pass === pass)
    .filter(({ atMs }, index, all) => {
      if (atMs - drawnMs < spacingMs && index < all.length - 1) return false;
      drawnMs = atMs;
      return true;
    });
}

/**
 * A horizontal line across the chart and its label. With `above`, the line would lie above the frame, so only its label
 * is drawn.
 */
interface Level {
  readonly kind: "actual" | "first" | "watchdog" | "deadline";
  readonly name: string;
  readonly ms: number;
  readonly above: boolean;
}

function levelsOf(
  { wallMs, deadlineMs, watchdogMs, firstPassMs }: ForecastHistory["timing"],
  high: number,
  swapPass: boolean,
): readonly Level[] {
  const level = (kind: Level["kind"], name: string, ms: number): Level => ({ kind, name, ms, above: ms > high });
  return [
    level("actual", "ended", wallMs),
    ...(firstPassMs !== null && swapPass ? [level("first", "first pass", firstPassMs)] : []),
    ...(watchdogMs !== null && watchdogMs <= high ? [level("watchdog", "watchdog", watchdogMs)] : []),
    ...(deadlineMs !== null ? [level("deadline", deadlineMs > high ? "deadline ↑" : "deadline", deadlineMs)] : []),
  ];
}

/** Height of a label of two lines, and distance of its first baseline above its middle. */
const LABEL = { height: 27, baseline: 2 };

/**
 * Draws horizontal lines, each with its name and time in the margin. Labels are moved apart, and a short line joins
 * each label to its line.
 */
function drawLevels(levels: readonly Level[], y: Scale, frame: Frame): readonly Html[] {
  const at = levels.map(({ ms, above }) => (above ? frame.top : y(ms)));
  const middles = spread(at, LABEL.height, frame.bottom);
  return levels.map(({ kind, name, ms, above }, index) => {
    const [from = 0, to = 0] = [at[index], middles[index]];
    const path = `M${frame.left} ${px(from)}H${frame.right}L${frame.right + 6} ${px(to)}`;
    const left = frame.right + 9;
    return html`${!above && html`<path class="level ${kind}" d="${path}"/>`}<text class="note" x="${left}" y="${px(to - LABEL.baseline)}">${name}</text><text class="num" x="${left}" y="${px(to - LABEL.baseline + 12)}">${duration(ms)}</text>`;
  });
}

/**
 * Lightens the region in which the end would be earlier than the forecast itself, because no forecast can lie there.
 */
function passedAlready(low: number, until: number, x: Scale, y: Scale, frame: Frame): Html | false {
  if (until <= low) return false;
  const path = `M${px(x(low))} ${frame.bottom}L${px(x(until))} ${px(y(until))}V${frame.bottom}Z`;
  const hasRoom = x(until) - x(low) > 100 && frame.bottom - y(until) > 40;
  return html`<path class="past" d="${path}"/>${hasRoom && html`<text class="halo" x="${frame.right - 4}" y="${frame.bottom - 7}" text-anchor="end">already passed</text>`}`;
}

/**
 * Computes the range of the vertical axis: from below the earliest end to above the latest, and up to the deadline if
 * it is near. Ignores intervals of forecasts before 2 % of the work, because they are so wide that they would flatten
 * the other curves.
 */
function verticalRange(
  points: readonly TimelineForecast[],
  { wallMs, deadlineMs, firstPassMs }: ForecastHistory["timing"],
): readonly [number, number] {
  const later = points.filter(({ share }) => share >= 0.02).flatMap(({ lowMs, highMs }) => [lowMs, highMs]);
  const all = [wallMs, firstPassMs ?? wallMs, ...points.map(({ endMs }) => endMs), ...later].filter(Number.isFinite);
  const low = all.reduce((one, other) => Math.min(one, other));
  const high = all.reduce((one, other) => Math.max(one, other));
  const height = Math.max(high - low, 0.02 * high);
  const near = deadlineMs !== null && deadlineMs > high && deadlineMs - high < 0.8 * height ? deadlineMs : high;
  return [Math.max(0, Math.min(low, deadlineMs ?? low) - 0.15 * height), near + 0.15 * height];
}

function describe({ forecasts, bands, timing: { wallMs, deadlineMs } }: ForecastHistory): string {
  const first = forecasts.find(({ atMs, endMs }) => Number.isFinite(atMs + endMs));
  const forecast = first
    ? ` The first forecast, at ${percent(first.share)} of the work, was ${duration(first.endMs)} (${duration(first.lowMs)} to ${duration(first.highMs)}).`
    : "";
  const steps = bands.length === 0 ? "" : ` In force were: ${[...new Set(bands.map(({ name }) => name))].join(", ")}.`;
  return `The run ended after ${duration(wallMs)}.${forecast}${deadlineMs === null ? "" : ` The deadline was at ${duration(deadlineMs)}.`}${steps}`;
}

/** Draws the background: one coloured rectangle for each period in which one ladder step was used. */
function bandRectangles(bands: readonly Band[], frame: Frame, x: Scale): Html {
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
/** Largest width of a character, in units of the view box. */
const CHARACTER = 6.2;

/**
 * Draws the key of the forecast and of the bands. Each name appears once, and the lines fit the width of the frame.
 */
function bandKey(bands: readonly Band[], frame: Frame, top: number): { readonly key: Html; readonly height: number } {
  const names = [...new Map([...FORECAST_KEY, ...bands].map((band) => [band.name, band])).values()];
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

const FORECAST_KEY = [
  { name: "forecast", kind: "line" },
  { name: "90\u00a0% interval", kind: "interval" },
] as const;

function swatch(kind: Band["kind"] | "line" | "interval", { x, y }: { readonly x: number; readonly y: number }): Html {
  if (kind === "line") return html`<path class="line strong" d="M${px(x)} ${px(y + SWATCH / 2)}H${px(x + SWATCH)}"/>`;
  return html`<rect class="${kind}" x="${px(x)}" y="${px(y)}" width="${SWATCH}" height="${SWATCH}"/>`;
}
