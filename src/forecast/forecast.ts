import { forecastLosses } from "./losses.ts";
import { forecastWorkTime, lossesOf, type Speed } from "./speed.ts";
import { meanOf, probabilityWithin, quantileOf, type Spread, shiftSpread } from "./spread.ts";
import { underWay } from "./windows.ts";
import type { Work } from "./work.ts";

/** What a forecast depends on besides the work. Times are monotonic, ms. */
export interface ForecastContext {
  /** Speed as measured until now. */
  readonly speed: Speed;
  readonly now: number;
  /** When scoring began; the rate of losses is measured from this moment on. */
  readonly scoringSince: number;
  /** Scoring must end here; null without a deadline. */
  readonly untilAt: number | null;
  /** Expected time until the engine is up (again), ms; 0 while it is up. */
  readonly engineMs: number;
}

/** A forecast of how long an amount of work takes from `at` (monotonic) on. All times are in ms. */
export interface Forecast {
  readonly at: number;
  readonly rows: number;
  readonly remainingMs: number;
  /**
   * Bounds of the interval that holds the true remaining time in 90 % of cases, provided that the engine works on as before.
   */
  readonly lowMs: number;
  readonly highMs: number;
  /** Probability that the work is done before scoring must end; 1 without a deadline. */
  readonly probability: number;
  /** Expected remaining time per row, ms, losses included; null when no rows are left. */
  readonly msPerRow: number | null;
  /** Expected part of the remaining time that will be lost to failures, ms. */
  readonly lostMs: number;
}

const LOW = 0.05;
const HIGH = 0.95;

/** Forecasts the time from now until an amount of work is done, losses and the start of an engine included; null while the speed is unknown. */
export function forecastTime(context: ForecastContext, work: Work): Spread | null {
  const spread = forecastWorkTime(context.speed, work);
  if (spread === null) return null;
  const { mean, variance } = lossesAhead(context, meanOf(spread));
  const done = context.engineMs > 0 || work.rows === 0 ? 0 : underWay(context.speed.windows, context.now);
  return shiftSpread(spread, mean + context.engineMs - done, variance);
}

/**
 * Gives the probability that work is done at least `spareMs` (ms) before scoring must end; null while the speed is unknown, 1
 * without a deadline.
 */
export function probabilityOf(context: ForecastContext, work: Work, spareMs = 0): number | null {
  if (context.untilAt === null) return 1;
  const spread = forecastTime(context, work);
  if (spread === null) return null;
  return probabilityWithin(spread, context.untilAt - context.now - spareMs);
}

/**
 * Forecasts the time of work: expected value, 90 % interval and probability of finishing in time; null while the speed is
 * unknown.
 */
export function forecastOf(context: ForecastContext, work: Work): Forecast | null {
  const spread = forecastTime(context, work);
  if (spread === null) return null;
  const { now, untilAt } = context;
  const remainingMs = Math.max(0, meanOf(spread));
  return {
    at: now,
    rows: work.rows,
    remainingMs,
    lowMs: quantileOf(spread, LOW),
    highMs: quantileOf(spread, HIGH),
    probability: untilAt === null ? 1 : probabilityWithin(spread, untilAt - now),
    msPerRow: work.rows > 0 ? remainingMs / work.rows : null,
    lostMs: lossesAhead(context, remainingMs).mean,
  };
}

/**
 * Forecasts the losses during `aheadMs` (ms) of work. The prior of their rate is computed from the duration of the whole job;
 * see forecastLosses.
 */
function lossesAhead(
  { speed, now, scoringSince, untilAt }: ForecastContext,
  aheadMs: number,
): { mean: number; variance: number } {
  const losses = lossesOf(speed);
  const elapsed = now - scoringSince;
  const whole = untilAt === null ? elapsed + aheadMs : untilAt - scoringSince;
  return forecastLosses(losses, elapsed - losses.totalMs, aheadMs, whole);
}
