import { mean } from "../numbers/sums.ts";
import { argmax, distance, meanTriple } from "../triple.ts";
import type { Triple } from "../types.ts";

/** The answers of one row in both orders, the second one swapped back: both are about the same A and B. */
export interface Pair {
  readonly first: Triple;
  readonly second: Triple;
}

/** What the swapped order changed, over all rows that were scored in both. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the rows whose most probable label was another one in the swapped order; null without pairs. */
  readonly flipRate: number | null;
  /** Mean distance between the two orders' probabilities: half the sum of the absolute differences (total variation). */
  readonly meanDistance: number | null;
  /** Mean distance between the first order's probabilities and the average that replaced them. */
  readonly meanChange: number | null;
  /** Mean of P(A) + P(tie)/2 over both orders' readings before swapping back, minus 1/2: above 0 the first shown is favoured. */
  readonly firstShownBonus: number | null;
}

/** Describes what the swap pass found: flips and changes. */
export function summarizePairs(pairs: readonly Pair[]): PairSummary {
  if (pairs.length === 0) {
    return { pairs: 0, flipRate: null, meanDistance: null, meanChange: null, firstShownBonus: null };
  }
  const over = (value: (pair: Pair) => number): number => mean(pairs.map(value));
  return {
    pairs: pairs.length,
    flipRate: over(({ first, second }) => Number(argmax(first) !== argmax(second))),
    meanDistance: over(({ first, second }) => distance(first, second)),
    meanChange: over(({ first, second }) => distance(first, meanTriple([first, second]))),
    firstShownBonus: over(({ first, second }) => (first[0] - first[1] + second[1] - second[0]) / 4),
  };
}
