import type { PerClass } from "../types.ts";

/**
 * Computes how uncertain the winner is: 1 - the sum of the squared probabilities (the impurity of Gini), which is the variance of
 * the winner summed over the classes. Further answers that move the logits by a small d, alike in all directions, lower the expected
 * log loss by half the mean of d² per class times this number (second-order expansion of the divergence).
 */
export function impurity(probabilities: PerClass): number {
  return 1 - probabilities.reduce<number>((sum, p) => sum + p * p, 0);
}

/** Computes the expected fall of the log loss of a row, nats, from the rate of a move. */
export function fallOf(rate: number, probabilities: PerClass): number {
  return rate * impurity(probabilities);
}
