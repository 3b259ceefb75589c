import { applyCalibration } from "../calibrate/apply.ts";
import { mapClasses, softmax } from "../classes.ts";
import type { PerClass } from "../types.ts";
import type { Combination, PooledKey, PoolWeights } from "./model.ts";
import { type AnswerCounts, countsOf, type JudgeAnswers } from "./steps.ts";

/**
 * Turns the answers of both judges into the probabilities of a row. Each judge is calibrated by itself; what both say is a
 * logarithmic pool over the prior: log p = log prior + sum of weight · (log p of the judge - log prior), so that the prior is not
 * counted twice (Genest and Zidek 1986, "Combining probability distributions"). Throws an Error for a row without any answer.
 */
export function combineAnswers(model: Combination, answers: JudgeAnswers): PerClass {
  const [small, large] = countsOf(answers);
  if (large === 0) return applyCalibration(model.judges[0], answers[0]);
  const second = applyCalibration(model.judges[1], answers[1]);
  if (small === 0) return second;
  const first = applyCalibration(model.judges[0], answers[0]);
  return poolJudges(model.prior, [first, second], model.weights[`${small}${large}` satisfies PooledKey]);
}

/** Gives the share that each judge has in the probabilities of a row with so many answers; the two add up to 1. */
export function judgeShares(model: Combination, [small, large]: AnswerCounts): readonly [small: number, large: number] {
  if (large === 0) return [1, 0];
  if (small === 0) return [0, 1];
  const weights = model.weights[`${small}${large}` satisfies PooledKey];
  const both = weights.small + weights.large;
  return both === 0 ? [1, 0] : [weights.small / both, weights.large / both];
}

/** Computes the logarithmic pool of the probabilities of both judges over the prior. */
export function poolJudges(
  prior: PerClass,
  [first, second]: readonly [PerClass, PerClass],
  { small, large }: PoolWeights,
): PerClass {
  return softmax(
    mapClasses(prior, (share, k) => {
      const base = Math.log(share);
      return base + small * (logOf(first[k]) - base) + large * (logOf(second[k]) - base);
    }),
  );
}

/** Computes the logarithm of a probability, which may be too small for a number of 64 bits. */
export function logOf(probability: number | undefined): number {
  return Math.log(Math.max(probability ?? Number.NaN, Number.MIN_VALUE));
}
