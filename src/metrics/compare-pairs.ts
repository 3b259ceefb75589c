import { subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import { holm } from "../stats/holm.ts";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { rowsNeeded } from "../stats/rows-needed.ts";
import { hits, majorityHits } from "./accuracy.ts";
import { logLosses } from "./log-loss.ts";

/** One of the things compared, scored on the same rows as the others. */
export interface Variant {
  readonly name: string;
  readonly probabilities: Float64Array;
  /** Time a row costs, in ms; null when unknown. */
  readonly msPerRow: number | null;
}

/** Two variants on the same rows. Differences are positive when the second is better. */
export interface PairComparison {
  readonly first: string;
  readonly second: string;
  /** How many pairs were compared at once: what the p values are adjusted for. */
  readonly pairs: number;
  /** Log loss of the first - log loss of the second, in nats. */
  readonly logLoss: MeanEstimate;
  /** p value of the log loss difference after Holm's adjustment; null with too few groups. */
  readonly p: number | null;
  readonly accuracy: AccuracyComparison;
  /** Rows that a fixed-size test lacks to tell this log loss difference from 0 with power 0.8; 0 when it has them, null when unknown. */
  readonly moreRows: number | null;
  /** Time of the second / time of the first; null when unknown. */
  readonly timeRatio: number | null;
}

export interface AccuracyComparison {
  /** Accuracy of the second - accuracy of the first. */
  readonly difference: MeanEstimate;
  /** Rows that only the first gets right (only the second): the most probable class has the most votes. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Exact McNemar p value after Holm's adjustment. */
  readonly p: number;
}

/** Compares every two variants on the same labelled rows. The seed is shared, so equal columns give equal numbers. */
export function comparePairs(
  variants: readonly Variant[],
  labels: { readonly truth: Float64Array; readonly groups: Uint32Array },
  options: BootstrapOptions,
): PairComparison[] {
  const comparisons = variants.flatMap((first, place) =>
    variants.slice(place + 1).map((second) => compareTwo(first, second, labels, options)),
  );
  const accuracyP = holm(comparisons.map((pair) => pair.accuracy.p));
  // A pair without a p value still counts as a test.
  const lossP = holm(comparisons.map((pair) => pair.p ?? 1));
  return comparisons.map((pair, place) => ({
    ...pair,
    pairs: comparisons.length,
    p: pair.p === null ? null : (lossP[place] ?? null),
    accuracy: { ...pair.accuracy, p: accuracyP[place] ?? pair.accuracy.p },
  }));
}

function compareTwo(
  first: Variant,
  second: Variant,
  { truth, groups }: { readonly truth: Float64Array; readonly groups: Uint32Array },
  options: BootstrapOptions,
): PairComparison {
  const [firstLosses, secondLosses] = [first, second].map((one) => logLosses(one.probabilities, truth)) as Both;
  const [firstHits, secondHits] = [first, second].map((one) => hits(one.probabilities, truth)) as Both;
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

type Both = [Float64Array, Float64Array];

function missingRows({ error, mean, rows, level }: MeanEstimate): number | null {
  if (error === null || mean === 0) return null;
  return Math.max(0, rowsNeeded({ difference: mean, standardError: error.standardError, rows, level }) - rows);
}
