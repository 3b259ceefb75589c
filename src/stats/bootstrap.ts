import { sum } from "../numbers/sums.ts";
import { bcaInterval, percentileInterval } from "./bca.ts";
import { type GroupSums, sumByGroup } from "./groups.ts";
import type { Interval } from "./interval.ts";
import { groupedMean, resample, score, standardErrorOf } from "./resample.ts";

/** Default number of replicates. */
export const DEFAULT_RESAMPLES = 10_000;

export interface BootstrapOptions {
  readonly seed: number;
  /** Number of replicates: how often the groups are drawn with replacement. Default 10,000. */
  readonly resamples?: number;
  /** Coverage of the intervals. Default 0.95. */
  readonly level?: number;
}

/** A mean over rows and its error from the bootstrap over groups. Units are those of the values. */
export interface MeanEstimate {
  readonly mean: number;
  readonly rows: number;
  readonly groups: number;
  /** Coverage of the intervals. */
  readonly level: number;
  /** Null with fewer than four groups, which are too few for an estimate of the error. */
  readonly error: MeanError | null;
}

export interface MeanError {
  /** Linearised standard error of the mean, with the rows of a group as one observation. */
  readonly standardError: number;
  /** The interval that is shown to users: symmetric, from the studentised bootstrap. */
  readonly interval: Interval;
  /**
   * Two-sided p value of the hypothesis that the true mean is 0, from the same replicates: at most 1 - level if and only if the
   * interval excludes 0.
   */
  readonly p: number;
  /** The percentile interval, for comparison. */
  readonly percentile: Interval;
  /** The bias-corrected and accelerated interval, for comparison. */
  readonly bca: Interval;
}

/**
 * Estimates a mean over rows with an interval from the bootstrap over groups: it draws whole groups with replacement,
 * because rows that share a prompt are not independent. Groups may differ in size. For a paired difference, pass the
 * row-by-row differences of two losses.
 *
 * Every row has the same weight unless `weights` are given. With the inverse inclusion probabilities of a sample as
 * weights, the mean is that of Hájek (1971), and the interval treats the groups as drawn with replacement, which is
 * slightly too wide for a sample without replacement (Särndal, Swensson and Wretman 1992, "Model Assisted Survey
 * Sampling", sections 5.7 and 2.9).
 *
 * `interval` is the symmetric studentised one, whose coverage error shrinks fastest (Hall 1988, "On symmetric
 * bootstrap confidence intervals"): with 20 to 400 simulated groups it covers 94.5 to 95.8 %, where the percentile
 * interval covers 91.3 to 95.7 % and BCa 90.7 to 95.4 % (nominal 95 %; bench/bootstrap.mjs).
 *
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 12 to 14; for groups, Davison and
 * Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
 */
export function bootstrapMean(
  values: Float64Array,
  groups: Uint32Array,
  options: BootstrapOptions,
  weights: Float64Array | null = null,
): MeanEstimate {
  const { seed, resamples = DEFAULT_RESAMPLES, level = 0.95 } = options;
  const byGroup = sumByGroup(values, groups, weights);
  const count = byGroup.sums.length;
  const mean = groupedMean(byGroup);
  const known = { mean, rows: values.length, groups: count, level };
  // With three groups or fewer, more than 1 in 20 replicates draws the same group every time and therefore has no spread.
  if (count < 4) return { ...known, error: null };

  const standardError = standardErrorOf(byGroup);
  const { means, scores } = resample(byGroup, resamples, seed);
  means.sort();
  scores.sort();
  // `last` is the index of the largest score inside the interval. It is chosen so that the interval excludes 0 exactly when p
  // <= 1 - level.
  const last = Math.min(resamples, Math.ceil(level * (resamples + 1))) - 1;
  const reach = standardError === 0 ? 0 : (scores[last] as number) * standardError;
  return {
    ...known,
    error: {
      standardError: standardError * Math.sqrt(count / (count - 1)),
      interval: { low: mean - reach, high: mean + reach },
      p: shareAtLeast(scores, score(mean, standardError)),
      percentile: percentileInterval(means, level),
      bca: bcaInterval(means, { estimate: mean, jackknife: leaveOneGroupOut(byGroup, mean) }, level),
    },
  };
}

/**
 * Computes the p value: the share of the scores that are at least as large as the observed one. The observed score counts as
 * one of the replicates, so that the p value is never 0.
 */
function shareAtLeast(sorted: Float64Array, observed: number): number {
  const reached = sorted.length - sorted.findIndex((value) => value >= observed);
  return ((reached > sorted.length ? 0 : reached) + 1) / (sorted.length + 1);
}

function leaveOneGroupOut(groups: GroupSums, mean: number): Float64Array {
  const rows = sum(groups.sizes);
  const total = mean * rows;
  return groups.sums.map((value, group) => (total - value) / (rows - (groups.sizes[group] as number)));
}
