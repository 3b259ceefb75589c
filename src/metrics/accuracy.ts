import { argmax } from "../triple.ts";
import type { Triple } from "../types.ts";
import { rowCount, tripleAt } from "./triples.ts";

/**
 * Finds the class with the largest number in a row of triples; the first class if several numbers are equal, as numpy.argmax
 * does.
 */
export function largestOf(triples: Float64Array, row: number): 0 | 1 | 2 {
  return argmax(tripleAt(triples, row));
}

/**
 * Computes for each row whether its most probable class is right: 1 or 0, or the share of the votes for this class when the
 * truth consists of votes. The mean of the result is the accuracy. If several classes are equally probable, the first one
 * counts as predicted, so the accuracy of a file of equal thirds is the share of a.
 */
export function hits(probabilities: Float64Array, truth: Float64Array): Float64Array {
  const rows = rowCount(probabilities, truth);
  return Float64Array.from({ length: rows }, (_, row) => truth[3 * row + largestOf(probabilities, row)] as number);
}

/** Computes the share of the rows for which each class is the most probable one. */
export function verdictShares(probabilities: Float64Array): Triple {
  const shares: [number, number, number] = [0, 0, 0];
  const rows = probabilities.length / 3;
  for (let row = 0; row < rows; row += 1) shares[largestOf(probabilities, row)] += 1 / rows;
  return shares;
}

/** Lists for each row whether its most probable class has the most votes, alone or with others. */
export function majorityHits(probabilities: Float64Array, truth: Float64Array): boolean[] {
  return Array.from({ length: rowCount(probabilities, truth) }, (_, row) => {
    return truth[3 * row + largestOf(probabilities, row)] === truth[3 * row + largestOf(truth, row)];
  });
}

/**
 * Counts of rows, or sums of vote shares, by class in the order a, b, tie. The first index is the true class, the second the
 * predicted class.
 */
export type Confusion = readonly [Triple, Triple, Triple];

/** Counts the predicted classes by true class, each row with its weight if there are weights. */
export function confusionOf(
  probabilities: Float64Array,
  truth: Float64Array,
  weights: Float64Array | null = null,
): Confusion {
  const rows = rowCount(probabilities, truth);
  const counts: [number, number, number][] = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (let row = 0; row < rows; row += 1) {
    const predicted = largestOf(probabilities, row);
    const weight = weights === null ? 1 : (weights[row] as number);
    for (const [actual, line] of counts.entries()) line[predicted] += weight * (truth[3 * row + actual] as number);
  }
  return counts as unknown as Confusion;
}
