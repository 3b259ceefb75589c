import { normalCdf } from "../numbers/normal.ts";

/** An uncertain time (ms) as a mixture of normal distributions. The weights need not sum to 1. */
export type Spread = readonly SpreadPart[];

/** One normal distribution of a spread. */
export interface SpreadPart {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/** Mean of a spread, ms. */
export function meanOf(spread: Spread): number {
  return spread.reduce((sum, { weight, mean }) => sum + weight * mean, 0) / weightOf(spread);
}

/** Variance of a spread, ms²: the mean of the variances plus the variance of the means. */
export function varianceOf(spread: Spread): number {
  const mean = meanOf(spread);
  const around = spread.reduce((sum, part) => sum + part.weight * (part.variance + (part.mean - mean) ** 2), 0);
  return around / weightOf(spread);
}

/** Probability that the time is at most `ms`. */
export function probabilityWithin(spread: Spread, ms: number): number {
  let sum = 0;
  for (const { weight, mean, variance } of spread) {
    sum += weight * (variance > 0 ? normalCdf((ms - mean) / Math.sqrt(variance)) : Number(ms >= mean));
  }
  return sum / weightOf(spread);
}

/** Finds by bisection the time (ms, never negative) that is not exceeded with this probability. */
export function quantileOf(spread: Spread, probability: number): number {
  let low = Math.min(...spread.map(({ mean, variance }) => mean - 6 * Math.sqrt(variance)));
  let high = Math.max(...spread.map(({ mean, variance }) => mean + 6 * Math.sqrt(variance)));
  const precision = 1e-5 * Math.max(1, Math.abs(high));
  while (high - low > precision) {
    const middle = (low + high) / 2;
    if (probabilityWithin(spread, middle) < probability) low = middle;
    else high = middle;
  }
  return Math.max(0, (low + high) / 2);
}

/** Adds an independent time with this mean (ms) and variance (ms²), for example the forecast losses. */
export function shiftSpread(spread: Spread, mean: number, variance: number): Spread {
  return spread.map((part) => ({
    mean: part.mean + mean,
    variance: part.variance + variance,
    weight: part.weight,
  }));
}

function weightOf(spread: Spread): number {
  return spread.reduce((sum, { weight }) => sum + weight, 0);
}
