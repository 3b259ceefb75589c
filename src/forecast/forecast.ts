import { forecastLosses } from "./losses.ts";
import { forecastWorkTime, lossesOf, type Speed } from "./speed.ts";
import { meanOf, probabilityWithin, quantileOf, type Spread, shiftSpread } from "./spread.ts";
import { underWay } from "./windows.ts";
import type { Work } from "./work.ts";

/** What a forecast depends on beside the work; times are monotonic, ms. */
export interface ForecastContext {
  /** Speed as measured until now. */
  readonly speed: Speed;
  readonly now: number;
  /** When scoring began, for the rate of losses. */
  readonly scoringSince: number;
  /** Scoring must end here; null without a deadline. */
  readonly untilAt: number | null;
  /** Time until the engine is there (again), ms; 0 when it is. */
  readonly engineMs: number;
}

/** How long some work will take from now on, ms. */
export interface Forecast {
  readonly at: number;
  readonly rows: number;
  readonly remainingMs: number;
  /** Bounds of the interval that holds the true time in 90 % of cases, if the engine goes on as it did. */
  readonly lowMs: number;
  readonly highMs: number;
  /** Probability of being done when scoring must end; 1 without a deadline. */
  readonly probability: number;
  /** Average time of a row, losses included; null when no rows are left. */
  readonly msPerRow: number | null;
  /** Part of the remaining time that is expected to be lost to failures. */
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

/** Gives the probability that work is done `spareMs` before scoring must end; null while the speed is unknown, 1 without a deadline. */
export function probabilityOf(context: ForecastContext, work: Work, spareMs = 0): number | null {
  if (context.untilAt === null) return 1;
  const spread = forecastTime(context, work);
  if (spread === null) return null;
  return probabilityWithin(spread, context.untilAt - context.now - spareMs);
}

/** Forecasts work with its expected time, interval and probability; null while the speed is unknown. */
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

/** The prior of the rate of losses is the time of a whole job without any: see forecastLosses. */
function lossesAhead(
  { speed, now, scoringSince, untilAt }: ForecastContext,
  aheadMs: number,
): { mean: number; variance: number } {
  const losses = lossesOf(speed);
  const elapsed = now - scoringSince;
  const whole = untilAt === null ? elapsed + aheadMs : untilAt - scoringSince;
  return forecastLosses(losses, elapsed - losses.totalMs, aheadMs, whole);
}
