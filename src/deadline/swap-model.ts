import { fitLine } from "../numbers/line.ts";
import { median, quantiles } from "../numbers/quantile.ts";
import { sum } from "../numbers/sums.ts";
import type { Triple } from "../types.ts";
import type { OrderPair } from "./pairs.ts";

/**
 * Prediction of the answer in the swapped order, given the first: its log odds of A against B (swapped back) are normal around
 * `slope` · (log odds of the first) + `shift`, with standard deviation `spread`. P(tie) is taken as unchanged.
 */
export interface SwapModel {
  readonly slope: number;
  readonly shift: number;
  readonly spread: number;
}

/** Fewest pairs from which the model is fitted. */
const LEAST_PAIRS = 30;
/** Probabilities are taken as at least this, so that log odds stay finite. */
const LEAST = 1e-6;
/** Without pairs: the share of the first log odds that the second ones repeat, and their scatter as a share of the spread of the first. */
const USUAL_SLOPE = 0.7;
const USUAL_SPREAD = 0.7;

/**
 * Fits the model to the rows that have both orders, by least squares. With too few of them it comes from the first
 * order alone: files list A and B in no order, so the median log odds of all rows is the bonus of the first shown.
 */
export function fitSwapModel(pairs: readonly OrderPair[], firsts: readonly Triple[]): SwapModel {
  return (pairs.length >= LEAST_PAIRS ? regress(pairs) : null) ?? guess(firsts);
}

/** Log odds of A against B, nats. */
export function logOdds([a, b]: Triple): number {
  return Math.log(Math.max(a, LEAST) / Math.max(b, LEAST));
}

/** Estimates by how much (nats) being shown first raises the log odds: the median over rows listed in no order. */
export function positionBias(firsts: readonly Triple[]): number {
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

function guess(firsts: readonly Triple[]): SwapModel {
  const [low, middle, high] = quantiles(firsts.map(logOdds), [0.159, 0.5, 0.841]) as [number, number, number];
  // Half the distance between these quantiles is the standard deviation of a normal distribution.
  const sd = (high - low) / 2;
  // The second order starts from as far below 0 as the first did from above it.
  return { slope: USUAL_SLOPE, shift: -(1 + USUAL_SLOPE) * middle, spread: USUAL_SPREAD * sd };
}
