import { rowCount } from "./triples.ts";

/**
 * Computes the multiclass Brier score of each row, from 0 (the true class has probability 1) to 2 (a wrong class has
 * probability 1): the squared distance between the probabilities and the winner's unit vector, summed over the three classes,
 * as scikit-learn's brier_score_loss does for more than two classes. When the truth consists of votes, the score of a row is
 * the mean over its votes.
 */
export function brierScores(probabilities: Float64Array, truth: Float64Array): Float64Array {
  // The squared distance to a unit vector is the sum of p² - 2 · p · truth, plus 1.
  const scores = new Float64Array(rowCount(probabilities, truth)).fill(1);
  for (let index = 0; index < probabilities.length; index += 1) {
    const probability = probabilities[index] as number;
    const row = Math.floor(index / 3);
    scores[row] = (scores[row] as number) + probability * probability - 2 * probability * (truth[index] as number);
  }
  return scores;
}
