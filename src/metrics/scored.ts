import { type ClassMatrix, pickRows } from "../class-matrix.ts";

/** Rows of a labelled file. Predictions and labels have the same classes. */
export interface Scored {
  /** Predicted probabilities; each row sums to 1. */
  readonly probabilities: ClassMatrix;
  /** The labels: 1 for the winner and 0 for the others, or the shares of the votes. Each row sums to 1. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
}

/** Copies some rows, in the order given. */
export function takeScored({ probabilities, truth, groups }: Scored, rows: Uint32Array): Scored {
  return {
    probabilities: pickRows(probabilities, rows),
    truth: pickRows(truth, rows),
    groups: rows.map((row) => groups[row] as number),
  };
}
