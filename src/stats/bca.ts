import { normalCdf, normalQuantile } from "../numbers/normal.ts";
import { quantileSorted } from "../numbers/quantile.ts";
import { mean } from "../numbers/sums.ts";
import type { Interval } from "./interval.ts";

/** The inputs of the bias correction and the acceleration. */
export interface Acceleration {
  readonly estimate: number;
  /** The estimates that result when each group in turn is left out. */
  readonly jackknife: Float64Array;
}

/** Computes the percentile interval of bootstrap replicates, which must be sorted in ascending order. */
export function percentileInterval(sorted: Float64Array, level: number): Interval {
  const outside = (1 - level) / 2;
  return { low: quantileSorted(sorted, outside), high: quantileSorted(sorted, 1 - outside) };
}

/**
 * Computes the bias-corrected and accelerated interval of bootstrap replicates, which must be sorted in ascending order (Efron
 * 1987, "Better bootstrap confidence intervals"; equal to scipy.stats.bootstrap with method "BCa").
 */
export function bcaInterval(sorted: Float64Array, from: Acceleration, level: number): Interval {
  const { bias, acceleration } = correction(sorted, from);
  // When all replicates lie on one side of the estimate, the correction is infinite, so the percentile interval is used.
  if (!Number.isFinite(bias)) return percentileInterval(sorted, level);
  const at = (probability: number): number => {
    const z = bias + normalQuantile(probability);
    return quantileSorted(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  const outside = (1 - level) / 2;
  return { low: at(outside), high: at(1 - outside) };
}

function correction(sorted: Float64Array, from: Acceleration): { bias: number; acceleration: number } {
  const bias = normalQuantile(shareBelow(sorted, from.estimate));
  const middle = mean(from.jackknife);
  let squares = 0;
  let cubes = 0;
  for (const value of from.jackknife) {
    squares += (middle - value) ** 2;
    cubes += (middle - value) ** 3;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  // For values that are all equal the quotient is 0 / 0; they have no skewness.
  return { bias, acceleration: Number.isFinite(acceleration) ? acceleration : 0 };
}

/** Computes the share of the values below `point`; values equal to `point` count half. */
function shareBelow(sorted: Float64Array, point: number): number {
  const smaller = firstIndex(sorted, (value) => value >= point);
  const notLarger = firstIndex(sorted, (value) => value > point);
  return (smaller + notLarger) / 2 / sorted.length;
}

function firstIndex(sorted: Float64Array, reached: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
