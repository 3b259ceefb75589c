import { rowCount } from "./triples.ts";

/** Finds the place of the largest of three numbers; of equal ones the first in the order a, b, tie, as numpy.argmax does. */
export function largestOf(triples: Float64Array, row: number): 0 | 1 | 2 {
  const a = triples[3 * row] as number;
  const b = triples[3 * row + 1] as number;
  const tie = triples[3 * row + 2] as number;
  if (a >= b && a >= tie) return 0;
  return b >= tie ? 1 : 2;
}

/**
 * Computes how right the most probable class of each row is: 1 or 0, or with votes as truth the share of the votes for
 * it. The mean of the result is the accuracy. Of equally probable classes the first counts as predicted, so a file of
 * equal thirds scores the share of a.
 */
export function hits(probabilities: Float64Array, truth: Float64Array): Float64Array {
  const rows = rowCount(probabilities, truth);
  return Float64Array.from({ length: rows }, (_, row) => truth[3 * row + largestOf(probabilities, row)] as number);
}

/** Lists for each row whether the most probable class has the most votes (or shares the most votes). */
export function majorityHits(probabilities: Float64Array, truth: Float64Array): boolean[] {
  return Array.from({ length: rowCount(probabilities, truth) }, (_, row) => {
    return truth[3 * row + largestOf(probabilities, row)] === truth[3 * row + largestOf(truth, row)];
  });
}
