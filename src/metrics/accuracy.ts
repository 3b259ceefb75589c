import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import { argmax, perClass } from "../classes.ts";
import type { ClassIndex, PerClass } from "../types.ts";

/** Finds the class with the largest number in a row; the first class if several numbers are equal, as numpy.argmax does. */
export function largestOf(matrix: ClassMatrix, row: number): ClassIndex {
  return argmax(rowAt(matrix, row));
}

/**
 * Computes for each row whether its most probable class is right: 1 or 0, or the share of the votes for this class when the
 * truth consists of votes. The mean of the result is the accuracy. If several classes are equally probable, the first one
 * counts as predicted, so the accuracy of a file of equal probabilities is the share of a.
 */
export function hits(probabilities: ClassMatrix, truth: ClassMatrix): Float64Array {
  const rows = sameRows(probabilities, truth);
  return Float64Array.from({ length: rows }, (_, row) => weightOf(truth, row, largestOf(probabilities, row)));
}

/** Lists for each row whether its most probable class has the most votes, alone or with others. */
export function majorityHits(probabilities: ClassMatrix, truth: ClassMatrix): boolean[] {
  return Array.from({ length: sameRows(probabilities, truth) }, (_, row) => {
    return weightOf(truth, row, largestOf(probabilities, row)) === weightOf(truth, row, largestOf(truth, row));
  });
}

/**
 * Counts of rows, or sums of vote shares, one line for each class in the order a, b, tie. The first index is the true class, the
 * second the predicted class.
 */
export type Confusion = readonly PerClass[];

/** Counts the predicted classes by true class. */
export function confusionOf(probabilities: ClassMatrix, truth: ClassMatrix): Confusion {
  const rows = sameRows(probabilities, truth);
  const { classes } = truth;
  const counts = classes.map(() => new Float64Array(classes.length));
  for (let row = 0; row < rows; row += 1) {
    const predicted = largestOf(probabilities, row);
    for (const [actual, line] of counts.entries()) {
      line[predicted] = (line[predicted] as number) + weightOf(truth, row, actual);
    }
  }
  return counts.map((line) => perClass(classes, (_, index) => line[index] as number));
}

function weightOf({ classes, values }: ClassMatrix, row: number, index: number): number {
  return values[classes.length * row + index] as number;
}
