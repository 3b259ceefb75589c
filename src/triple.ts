import { logSumExp, mean } from "./numbers/sums.ts";
import { CLASSES, type ClassName, type Order, type Triple } from "./types.ts";

/** Swaps A and B, so that the number of the answer shown first becomes that of the answer shown second. */
export function swap([a, b, tie]: Triple): Triple {
  return [b, a, tie];
}

/** Turns a triple of [first shown, second shown, tie] into [a, b, tie] as in the file, or the reverse. */
export function swapBack(triple: Triple, order: Order): Triple {
  return order === "ab" ? triple : swap(triple);
}

/** Mixes two triples: weight * one + (1 - weight) * other, with a weight from 0 to 1. */
export function mix(one: Triple, other: Triple, weight: number): Triple {
  const at = (k: 0 | 1 | 2): number => weight * one[k] + (1 - weight) * other[k];
  return [at(0), at(1), at(2)];
}

/** Averages at least one triple. */
export function meanTriple(triples: readonly Triple[]): Triple {
  const at = (k: 0 | 1 | 2): number => mean(triples.map((triple) => triple[k]));
  return [at(0), at(1), at(2)];
}

/** Computes the total variation distance of two distributions, 0 to 1: half the sum of the absolute differences. */
export function distance(one: Triple, other: Triple): number {
  return (Math.abs(one[0] - other[0]) + Math.abs(one[1] - other[1]) + Math.abs(one[2] - other[2])) / 2;
}

/**
 * Turns log weights (nats) into log probabilities by subtracting the logarithm of the sum of their exponentials. One or
 * two of the three may be -Infinity. If all three are, there is no answer, and the result is NaN.
 */
export function logSoftmax(logits: Triple): Triple {
  const logSum = logSumExp(logits);
  return [logits[0] - logSum, logits[1] - logSum, logits[2] - logSum];
}

/** Turns log weights (nats) into probabilities; see logSoftmax for -Infinity. */
export function softmax(logits: Triple): Triple {
  const largest = Math.max(...logits);
  const [a, b, tie] = [Math.exp(logits[0] - largest), Math.exp(logits[1] - largest), Math.exp(logits[2] - largest)];
  const sum = a + b + tie;
  return [a / sum, b / sum, tie / sum];
}

/**
 * Finds the index of the largest number. Of equal numbers, the first in the order a, b, tie is taken, as numpy.argmax
 * does.
 */
export function argmax([a, b, tie]: Triple): 0 | 1 | 2 {
  if (a >= b && a >= tie) return 0;
  return b >= tie ? 1 : 2;
}

/**
 * Finds the class with the largest number; null when two classes share the largest number, and when there is no triple.
 */
export function clearWinner(triple: Triple | null): ClassName | null {
  if (triple === null) return null;
  const first = argmax(triple);
  return triple.lastIndexOf(triple[first]) === first ? CLASSES[first] : null;
}

/**
 * Compares the verdicts on one row in the orders "ab" and "ba", both swapped back (indices of a, b, tie). Returns 1
 * when the change favours the answer shown first, -1 when it favours the answer shown second, and 0 when the verdicts
 * are the same.
 */
export function flipDirection(ab: 0 | 1 | 2, ba: 0 | 1 | 2): -1 | 0 | 1 {
  // In the order "ab" the answer shown first is a; in the order "ba" it is b.
  const change = TOWARD_A[ab] - TOWARD_A[ba];
  return change === 0 ? 0 : change > 0 ? 1 : -1;
}

const TOWARD_A = [1, -1, 0] as const;
