import { rowCount } from "./triples.ts";

/**
 * Computes the multiclass Brier score of each row, 0 (right and sure) to 2 (wrong and sure): the squared distance to
 * the winner's unit vector, summed over the three classes, as scikit-learn's brier_score_loss does for more than two
 * classes. With votes as truth it is the mean over the votes.
 */
export function brierScores(probabilities: Float64Array, truth: Float64Array): Float64Array {
  const scores = new Float64Array(rowCount(probabilities, truth)).fill(1);
  for (let index = 0; index < probabilities.length; index += 1) {
    const probability = probabilities[index] as number;
    const row = Math.floor(index / 3);
    scores[row] = (scores[row] as number) + probability * probability - 2 * probability * (truth[index] as number);
  }
  return scores;
}
