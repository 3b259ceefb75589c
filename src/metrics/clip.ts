import type { Clip } from "../types.ts";

/** Clips probabilities and divides each row by its sum, so that the log loss of a row has a known upper limit. */
export function clipProbabilities(probabilities: Float64Array, [low, high]: Clip): Float64Array {
  const clipped = probabilities.map((value) => Math.min(high, Math.max(low, value)));
  for (let start = 0; start < clipped.length; start += 3) {
    const row = clipped.subarray(start, start + 3);
    const total = (row[0] as number) + (row[1] as number) + (row[2] as number);
    for (let k = 0; k < 3; k += 1) row[k] = (row[k] as number) / total;
  }
  return clipped;
}

/**
 * Computes the largest difference of log loss, in nats, between two clipped predictions of the same row: the logarithm
 * of the largest probability that a clipped row can hold, divided by the smallest.
 */
export function lossDifferenceBound([low, high]: Clip): number {
  const largest = high / (high + 2 * low);
  // A row sums to 1 before it is clipped, and clipping adds at most 2 · low to the sum.
  const smallest = low / (1 + 2 * low);
  return Math.log(largest / smallest);
}
