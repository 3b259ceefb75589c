import { type ClassMatrix, sameRows } from "../class-matrix.ts";

/**
 * Computes the log loss of each row in nats: -sum of truth · log(probability). Probabilities are clipped to [2^-52, 1 - 2^-52]
 * and not divided by their sum again, as scikit-learn's log_loss does for 64-bit numbers. When the truth consists of votes, the
 * log loss of a row is the mean over its votes. The mean of the result is the log loss of the file.
 */
export function logLosses(probabilities: ClassMatrix, truth: ClassMatrix): Float64Array {
  const losses = new Float64Array(sameRows(probabilities, truth));
  for (const [index, weight] of truth.values.entries()) {
    if (weight === 0) continue;
    const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilities.values[index] as number));
    const row = Math.floor(index / truth.classes.length);
    losses[row] = (losses[row] as number) - weight * Math.log(clipped);
  }
  return losses;
}
