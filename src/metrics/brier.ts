import { type ClassMatrix, sameRows } from "../class-matrix.ts";

/**
 * Computes the multiclass Brier score of each row, from 0 (the true class has probability 1) to 2 (a wrong class has
 * probability 1): the squared distance between the probabilities and the winner's unit vector, summed over the classes, as
 * scikit-learn's brier_score_loss does for more than two classes, and with scale_by_half=False for two. When the truth consists of votes, the score of a row is
 * the mean over its votes.
 */
export function brierScores(probabilities: ClassMatrix, truth: ClassMatrix): Float64Array {
  // The squared distance to a unit vector is the sum of p² - 2 · p · truth, plus 1.
  const scores = new Float64Array(sameRows(probabilities, truth)).fill(1);
  for (const [index, probability] of probabilities.values.entries()) {
    const row = Math.floor(index / probabilities.classes.length);
    const weight = truth.values[index] as number;
    scores[row] = (scores[row] as number) + probability * probability - 2 * probability * weight;
  }
  return scores;
}
