import { mean, sum } from "../numbers/sums.ts";
import type { Triple } from "../types.ts";

/** Rows of a labelled file. In the arrays of triples, row r has the numbers 3r, 3r + 1 and 3r + 2: a, b, tie. */
export interface Scored {
  /** Predicted probabilities; each row sums to 1. */
  readonly probabilities: Float64Array;
  /** The labels: 1 for the winner and 0 for the others, or the shares of the votes. Each row sums to 1. */
  readonly truth: Float64Array;
  /** Group number of each row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
  /** Weight of each row, with the mean 1; left out or null, every row has the weight 1. */
  readonly weights?: Float64Array | null;
}

/**
 * Counts the rows of two arrays of triples. Throws an Error when the arrays do not have the same number of rows, which is a bug
 * of the caller.
 */
export function rowCount(probabilities: Float64Array, truth: Float64Array): number {
  const rows = probabilities.length / 3;
  if (!Number.isInteger(rows) || probabilities.length !== truth.length) {
    throw new Error(`expected triples of the same rows, got ${probabilities.length} and ${truth.length} numbers`);
  }
  return rows;
}

/** Returns the triple of one row. */
export function tripleAt(values: Float64Array, row: number): Triple {
  return [values[3 * row] as number, values[3 * row + 1] as number, values[3 * row + 2] as number];
}

/** Copies some rows, in the order given. */
export function takeScored(scored: Scored, rows: Uint32Array): Scored {
  return {
    probabilities: takeTriples(scored.probabilities, rows),
    truth: takeTriples(scored.truth, rows),
    groups: rows.map((row) => scored.groups[row] as number),
    weights: scored.weights == null ? null : takeWeights(scored.weights, rows),
  };
}

/** Copies the weights of some rows and divides them by their mean. */
export function takeWeights(weights: Float64Array, rows: Uint32Array): Float64Array {
  return normalisedWeights(Float64Array.from(rows, (row) => weights[row] as number));
}

/**
 * Computes the number of rows with equal weights whose mean would be as precise (Kish 1965, "Survey Sampling",
 * section 11.7).
 */
export function effectiveRows(weights: Float64Array): number {
  return sum(weights) ** 2 / sum(weights.map((weight) => weight * weight));
}

/** Divides weights by their mean. */
export function normalisedWeights(weights: Float64Array): Float64Array {
  const average = mean(weights);
  return weights.map((weight) => weight / average);
}

/** Copies the triples of some rows, in the order given. */
export function takeTriples(values: Float64Array, rows: Uint32Array): Float64Array {
  const taken = new Float64Array(3 * rows.length);
  for (const [index, row] of rows.entries()) taken.set(values.subarray(3 * row, 3 * row + 3), 3 * index);
  return taken;
}

/** Computes the mean of each class over at least one row; weighted, if there are weights with the mean 1. */
export function meanOfTriples(values: Float64Array, weights: Float64Array | null = null): Triple {
  const sums: [number, number, number] = [0, 0, 0];
  for (let index = 0; index < values.length; index += 1) {
    const weight = weights === null ? 1 : (weights[Math.floor(index / 3)] as number);
    sums[(index % 3) as 0 | 1 | 2] += weight * (values[index] as number);
  }
  const rows = values.length / 3;
  return [sums[0] / rows, sums[1] / rows, sums[2] / rows];
}
