import type { ClassMatrix } from "../class-matrix.ts";
import { sum } from "../numbers/sums.ts";
import type { Classes, Clip } from "../types.ts";

/** Clips probabilities and divides each row by its sum, so that the log loss of a row has a known upper limit. */
export function clipProbabilities({ classes, values }: ClassMatrix, [low, high]: Clip): ClassMatrix {
  const clipped = values.map((value) => Math.min(high, Math.max(low, value)));
  for (let start = 0; start < clipped.length; start += classes.length) {
    const row = clipped.subarray(start, start + classes.length);
    const total = sum(row);
    for (const [k, value] of row.entries()) row[k] = value / total;
  }
  return { classes, values: clipped };
}

/**
 * Computes the largest difference of log loss, in nats, between two clipped predictions of the same row: the logarithm
 * of the largest probability that a clipped row can hold, divided by the smallest.
 */
export function lossDifferenceBound(classes: Classes, [low, high]: Clip): number {
  const others = classes.length - 1;
  const largest = high / (high + others * low);
  // A row sums to 1 before it is clipped, and clipping adds at most `low` for each class but one to the sum.
  const smallest = low / (1 + others * low);
  return Math.log(largest / smallest);
}
