import type { ClassMatrix } from "../class-matrix.ts";
import { subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import { holm } from "../stats/holm.ts";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { rowsNeeded } from "../stats/rows-needed.ts";
import { hits, majorityHits } from "./accuracy.ts";
import { logLosses } from "./log-loss.ts";

/** A variant with its predictions. All variants of a comparison have the same rows in the same order. */
export interface ScoredVariant {
  readonly name: string;
  readonly probabilities: ClassMatrix;
  /** Mean time of a row, in ms; null when unknown. */
  readonly msPerRow: number | null;
}

/** The comparison of two variants on the same rows. Differences are positive when the second is better. */
export interface PairComparison {
  readonly first: string;
  readonly second: string;
  /** Number of pairs in the comparison. The p values are adjusted for this number. */
  readonly pairs: number;
  /** Log loss of the first - log loss of the second, in nats. */
  readonly logLoss: MeanEstimate;
  /** p value of the log loss difference after Holm's adjustment; null with too few groups. */
  readonly p: number | null;
  readonly accuracy: AccuracyComparison;
  /**
   * Further rows that a test of fixed size needs to detect this log loss difference with power 0.8; 0 when the rows suffice,
   * null when unknown.
   */
  readonly moreRows: number | null;
  /** Time of the second / time of the first; null when unknown. */
  readonly timeRatio: number | null;
}

export interface AccuracyComparison {
  /** Accuracy of the second - accuracy of the first. */
  readonly difference: MeanEstimate;
  /** Number of rows on which only the first is right: its most probable class has the most votes. */
  readonly onlyFirst: number;
  /** Number of rows on which only the second is right. */
  readonly onlySecond: number;
  /** Exact McNemar p value after Holm's adjustment. */
  readonly p: number;
}

interface Labels {
  readonly truth: ClassMatrix;
  readonly groups: Uint32Array;
}

/**
 * Compares every pair of variants on the same labelled rows. All bootstraps use the same seed, so equal predictions give equal
 * results.
 */
export function comparePairs(
  variants: readonly ScoredVariant[],
  labels: Labels,
  options: BootstrapOptions,
): PairComparison[] {
  const comparisons = variants.flatMap((first, index) =>
    variants.slice(index + 1).map((second) => compareTwo(first, second, labels, options)),
  );
  const accuracyP = holm(comparisons.map((pair) => pair.accuracy.p));
  // A pair without a p value still counts as a test.
  const lossP = holm(comparisons.map((pair) => pair.p ?? 1));
  return comparisons.map((pair, index) => ({
    ...pair,
    pairs: comparisons.length,
    p: pair.p === null ? null : (lossP[index] ?? null),
    accuracy: { ...pair.accuracy, p: accuracyP[index] ?? pair.accuracy.p },
  }));
}

function compareTwo(
  first: ScoredVariant,
  second: ScoredVariant,
  { truth, groups }: Labels,
  options: BootstrapOptions,
): PairComparison {
  const [firstLosses, secondLosses] = [logLosses(first.probabilities, truth), logLosses(second.probabilities, truth)];
  const [firstHits, secondHits] = [hits(first.probabilities, truth), hits(second.probabilities, truth)];
  const firstRight = majorityHits(first.probabilities, truth);
  const secondRight = majorityHits(second.probabilities, truth);
  const onlyFirst = firstRight.filter((right, row) => right && !secondRight[row]).length;
  const onlySecond = secondRight.filter((right, row) => right && !firstRight[row]).length;
  const logLoss = bootstrapMean(subtract(firstLosses, secondLosses), groups, options);
  return {
    first: first.name,
    second: second.name,
    pairs: 1,
    logLoss,
    p: logLoss.error?.p ?? null,
    accuracy: {
      difference: bootstrapMean(subtract(secondHits, firstHits), groups, options),
      onlyFirst,
      onlySecond,
      p: mcnemarExact(onlyFirst, onlySecond),
    },
    moreRows: missingRows(logLoss),
    timeRatio: first.msPerRow === null || second.msPerRow === null ? null : second.msPerRow / first.msPerRow,
  };
}

function missingRows({ error, mean, rows, level }: MeanEstimate): number | null {
  if (error === null || mean === 0) return null;
  return Math.max(0, rowsNeeded({ difference: mean, standardError: error.standardError, rows, level }) - rows);
}
