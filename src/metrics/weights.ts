import { mean, sum } from "../numbers/sums.ts";

/** Divides weights of rows by their mean. */
export function normalisedWeights(weights: Float64Array): Float64Array {
  const average = mean(weights);
  return weights.map((weight) => weight / average);
}

/** Copies the weights of some rows, in the order given, and divides them by their mean. */
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
