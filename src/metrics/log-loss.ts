import { rowCount } from "./triples.ts";

/**
 * Computes the log loss of each row in nats: -sum of truth · log(probability). Probabilities are clipped to [2^-52, 1 - 2^-52]
 * and not divided by their sum again, as scikit-learn's log_loss does for 64-bit numbers. When the truth consists of votes, the
 * log loss of a row is the mean over its votes. The mean of the result is the log loss of the file.
 */
export function logLosses(probabilities: Float64Array, truth: Float64Array): Float64Array {
  const losses = new Float64Array(rowCount(probabilities, truth));
  for (let index = 0; index < probabilities.length; index += 1) {
    const weight = truth[index] as number;
    if (weight === 0) continue;
    const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilities[index] as number));
    const row = Math.floor(index / 3);
    losses[row] = (losses[row] as number) - weight * Math.log(clipped);
  }
  return losses;
}
