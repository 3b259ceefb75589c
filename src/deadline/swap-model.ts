import { fitLine } from "../numbers/line.ts";
import { median, quantiles } from "../numbers/quantile.ts";
import { sum } from "../numbers/sums.ts";
import type { PerClass } from "../types.ts";
import type { OrderPair } from "./pairs.ts";

/**
 * A model that predicts the answer in the swapped order from the first answer. The log odds of A against B in the second answer
 * (swapped back) are normal with mean `slope` · (log odds of the first) + `shift` and standard deviation `spread`, in nats.
 * P(tie) is assumed to stay the same.
 */
export interface SwapModel {
  readonly slope: number;
  readonly shift: number;
  readonly spread: number;
}

/** With fewer pairs than this the model is guessed and not fitted. */
const LEAST_PAIRS = 30;
/** Smaller probabilities are replaced by this value, so that log odds stay finite. */
const LEAST = 1e-6;
/**
 * Values of the guess. The slope is the share of the first log odds that the second answer keeps; the spread is the standard
 * deviation of the second log odds as a share of that of the first.
 */
const USUAL_SLOPE = 0.7;
const USUAL_SPREAD = 0.7;

/**
 * Fits the model by least squares to the rows that have both orders. With fewer than 30 such rows, it guesses the model from
 * the first order alone. Files list A and B in random order, so the median log odds of all rows estimates the advantage of the
 * answer shown first.
 */
export function fitSwapModel(pairs: readonly OrderPair[], firsts: readonly PerClass[]): SwapModel {
  return (pairs.length >= LEAST_PAIRS ? regress(pairs) : null) ?? guess(firsts);
}

/** Computes the log odds of A against B, nats. */
export function logOdds([a, b]: PerClass): number {
  return Math.log(Math.max(a, LEAST) / Math.max(b, LEAST));
}

/**
 * Estimates by how many nats the log odds of an answer rise when it is shown first: the median over the rows, since files list
 * A and B in random order.
 */
export function positionBias(firsts: readonly PerClass[]): number {
  return median(firsts.map(logOdds));
}

function regress(pairs: readonly OrderPair[]): SwapModel | null {
  const x = pairs.map(({ first }) => logOdds(first));
  const y = pairs.map(({ second }) => logOdds(second));
  if (x.every((value) => value === x[0])) return null;
  const { slope, offset: shift } = fitLine(x, y);
  const squares = sum(x.map((value, i) => ((y[i] ?? 0) - shift - slope * value) ** 2));
  return { slope, shift, spread: Math.sqrt(squares / (pairs.length - 2)) };
}

function guess(firsts: readonly PerClass[]): SwapModel {
  const [low, middle, high] = quantiles(firsts.map(logOdds), [0.159, 0.5, 0.841]) as [number, number, number];
  // Half the distance between these quantiles is the standard deviation of a normal distribution.
  const sd = (high - low) / 2;
  // The bias towards the answer shown first has the opposite sign in the second order: -middle, where it was +middle in the
  // first.
  return { slope: USUAL_SLOPE, shift: -(1 + USUAL_SLOPE) * middle, spread: USUAL_SPREAD * sd };
}
