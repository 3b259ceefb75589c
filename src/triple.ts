import { logSumExp, mean } from "./numbers/sums.ts";
import { CLASSES, type ClassName, type Order, type Triple } from "./types.ts";

/** Swaps A and B: what was said of the answer shown first then stands for the one shown second. */
export function swap([a, b, tie]: Triple): Triple {
  return [b, a, tie];
}

/** Turns a triple of [first shown, second shown, tie] into [a, b, tie] as in the file, or the other way round. */
export function swapBack(triple: Triple, order: Order): Triple {
  return order === "ab" ? triple : swap(triple);
}

/** Mixes two triples; `weight`, 0 to 1, is the part of the first. */
export function mix(one: Triple, other: Triple, weight: number): Triple {
  const at = (k: 0 | 1 | 2): number => weight * one[k] + (1 - weight) * other[k];
  return [at(0), at(1), at(2)];
}

/** Averages triples, at least one. */
export function meanTriple(triples: readonly Triple[]): Triple {
  const at = (k: 0 | 1 | 2): number => mean(triples.map((triple) => triple[k]));
  return [at(0), at(1), at(2)];
}

/** Computes the half of the sum of absolute differences of two distributions (total variation), 0 to 1. */
export function distance(one: Triple, other: Triple): number {
  return (Math.abs(one[0] - other[0]) + Math.abs(one[1] - other[1]) + Math.abs(one[2] - other[2])) / 2;
}

/**
 * Turns log weights (nats) into log probabilities: subtracts what makes the exponentials sum to 1. One of the three may
 * be -Infinity, or two; with all three there is no answer, and the result is NaN.
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

/** Finds the index of the largest number; of equal ones the first in the order a, b, tie, as numpy.argmax does. */
export function argmax([a, b, tie]: Triple): 0 | 1 | 2 {
  if (a >= b && a >= tie) return 0;
  return b >= tie ? 1 : 2;
}

/** Finds the class with the largest number; null when two share it, and where there is no triple. */
export function clearWinner(triple: Triple | null): ClassName | null {
  if (triple === null) return null;
  const first = argmax(triple);
  return triple.lastIndexOf(triple[first]) === first ? CLASSES[first] : null;
}

/**
 * Compares the verdicts (indices of a, b, tie) on one row in the orders a, b and b, a, both swapped back: 1 when they
 * differ in favour of the answer shown first, -1 in favour of the one shown second, 0 when they are the same.
 */
export function flipDirection(ab: 0 | 1 | 2, ba: 0 | 1 | 2): -1 | 0 | 1 {
  // Shown in the order a, b the first is a; in the order b, a it is b.
  const change = TOWARD_A[ab] - TOWARD_A[ba];
  return change === 0 ? 0 : change > 0 ? 1 : -1;
}

const TOWARD_A = [1, -1, 0] as const;
