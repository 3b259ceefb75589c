import { argmax, distance, flipDirection, meanByClass } from "../classes.ts";
import { mean } from "../numbers/sums.ts";
import type { PerClass } from "../types.ts";

/** The answers of one row in both orders. `second` is swapped back, so both are about the same A and B. */
export interface OrderPair {
  readonly first: PerClass;
  readonly second: PerClass;
}

/** The effect of the swapped order, over all rows that were scored in both orders. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the rows whose most probable label differs between the two orders. */
  readonly flipRate: number;
  /**
   * Share of the rows that change in favour of the answer shown first, minus the share that change in favour of the second; as
   * in an evaluation.
   */
  readonly positionBias: number;
  /** Mean total variation distance between the two orders' probabilities: half the sum of the absolute differences. */
  readonly meanDistance: number;
  /** Mean total variation distance between the first order's probabilities and the mean of both orders. */
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
    meanChange: over(({ first, second }) => distance(first, meanByClass([first, second]))),
  };
}
