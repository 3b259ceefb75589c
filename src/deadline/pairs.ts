import { mean } from "../numbers/sums.ts";
import { argmax, distance, flipDirection, meanTriple } from "../triple.ts";
import type { Triple } from "../types.ts";

/** The answers of one row in both orders, the second one swapped back: both are about the same A and B. */
export interface OrderPair {
  readonly first: Triple;
  readonly second: Triple;
}

/** What the swapped order changed, over all rows that were scored in both. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the rows whose most probable label was another one in the swapped order. */
  readonly flipRate: number;
  /** Share of the rows that change towards the answer shown first minus those towards the second, as in an evaluation. */
  readonly positionBias: number;
  /** Mean distance between the two orders' probabilities: half the sum of the absolute differences (total variation). */
  readonly meanDistance: number;
  /** Mean distance between the first order's probabilities and the average of both. */
  readonly meanChange: number;
}

/** Summarizes flips and changes found by the swap pass; null without a pair. */
export function summarizePairs(pairs: readonly OrderPair[]): PairSummary | null {
  if (pairs.length === 0) return null;
  const over = (value: (pair: OrderPair) => number): number => mean(pairs.map(value));
  const directions = pairs.map(({ first, second }) => flipDirection(argmax(first), argmax(second)));
  return {
    pairs: pairs.length,
    flipRate: mean(directions.map(Math.abs)),
    positionBias: mean(directions),
    meanDistance: over(({ first, second }) => distance(first, second)),
    meanChange: over(({ first, second }) => distance(first, meanTriple([first, second]))),
  };
}
