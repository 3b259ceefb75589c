import { type ScaleLinear, scaleLinear } from "d3-scale";
import { count, duration, fixed, percent } from "../text/number.ts";
import type { Tick } from "./frame.ts";

/**
 * Builds a linear scale between two ranges of finite numbers. A domain of length 0 is widened to length 1, because the
 * scale divides by the length.
 */
export function linear(
  domain: readonly [number, number],
  range: readonly [number, number],
): ScaleLinear<number, number> {
  const [low, high] = domain;
  return scaleLinear(low === high ? [low - 0.5, high + 0.5] : [low, high], [...range]).clamp(true);
}

/** Places ticks at round numbers. */
export function numberTicks(scale: ScaleLinear<number, number>, wanted: number): Tick[] {
  const values = scale.ticks(wanted);
  const digits = decimals((values[1] ?? 1) - (values[0] ?? 0));
  return values.map((value) => ({ at: scale(value), text: digits === 0 ? count(value) : fixed(value, digits) }));
}

/** Places ticks at round percentages of a scale from 0 to 1. */
export function percentTicks(scale: ScaleLinear<number, number>, wanted: number): Tick[] {
  return scale.ticks(wanted).map((value) => ({ at: scale(value), text: percent(value) }));
}

/** Places ticks at round durations on a scale in ms. */
export function timeTicks(scale: ScaleLinear<number, number>, wanted: number): Tick[] {
  const [low = 0, high = 1] = scale.domain();
  const step =
    STEPS.find((candidate) => (high - low) / candidate <= wanted) ?? Math.ceil((high - low) / wanted / DAY) * DAY;
  const first = Math.ceil(low / step);
  const marks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
  return marks.map((value) => ({ at: scale(value), text: clock(value, step) }));
}

function clock(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step < MINUTE) return ms < MINUTE ? duration(ms) : duration(ms);
  if (step < HOUR) return ms < HOUR ? `${ms / MINUTE}m` : duration(ms);
  return `${ms / HOUR}h`;
}

function decimals(step: number): number {
  return Math.max(0, -Math.floor(Math.log10(Math.abs(step)) + 1e-9));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((value) => value * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((value) => value * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((value) => value * HOUR),
];
