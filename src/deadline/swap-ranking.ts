import { meanTriple } from "../triple.ts";
import type { Triple } from "../types.ts";
import type { OrderPair } from "./pairs.ts";
import { fitSwapModel, logOdds, positionBias, type SwapModel } from "./swap-model.ts";

/** A row with an answer in one order. */
export interface Candidate {
  readonly row: number;
  readonly probabilities: Triple;
  /** Prompt tokens that the swapped order would take. */
  readonly tokens: number;
}

/**
 * The probabilities on which the gain counts: `raw` when the submission has them as read, `calibrated` when a calibration
 * removes bias and overconfidence afterwards.
 */
export type Scale = "raw" | "calibrated";

/** What a ranking depends on beside the candidates. */
export interface RankOptions {
  readonly scale: Scale;
  /** Rows that have both orders already. */
  readonly pairs: readonly OrderPair[];
  /** Time that a prompt of so many tokens takes, in any unit. */
  readonly costOf: (tokens: number) => number;
}

/**
 * Orders rows by what the swapped order is worth per cost, most first: the greedy solution of the knapsack problem (Dantzig,
 * Discrete-variable extremum problems, Operations Research 5(2), 1957), which is near the best since rows are small.
 */
export function rankForSwapPass(candidates: readonly Candidate[], options: RankOptions): readonly Candidate[] {
  const worth = worthOf(candidates, options);
  const scored = candidates.map((row) => ({ row, score: worth(row.probabilities) / options.costOf(row.tokens) }));
  scored.sort((one, other) => other.score - one.score || one.row.row - other.row.row);
  return scored.map(({ row }) => row);
}

function worthOf(candidates: readonly Candidate[], { scale, pairs }: RankOptions): (first: Triple) => number {
  const firsts = candidates.map(({ probabilities }) => probabilities);
  switch (scale) {
    case "raw": {
      const model = fitSwapModel(pairs, firsts);
      return (first) => expectedGain(first, model);
    }
    case "calibrated": {
      const bias = positionBias(firsts);
      return (first) => uncertainty(tilt(first, logOdds(first) - bias));
    }
    default:
      return scale satisfies never;
  }
}

/** Nodes and weights of Gauss-Hermite quadrature for a standard normal, 5 points (Abramowitz & Stegun, table 25.10, scaled). */
const NODES = [
  [-2.856_970_013_872_806, 0.011_257_411_327_720_69],
  [-1.355_626_179_974_266, 0.222_075_922_005_612_6],
  [0, 0.533_333_333_333_333_3],
  [1.355_626_179_974_266, 0.222_075_922_005_612_6],
  [2.856_970_013_872_806, 0.011_257_411_327_720_69],
] as const;

/**
 * Expected fall of the log loss (nats) when the first answer p is replaced by the average m of both orders, over what the
 * swapped order may say: the mean of KL(m || p), the gain if m is the truth. Confident answers of a judge who favours the
 * first shown gain most, which entropy and margin of p do not see.
 */
export function expectedGain(first: Triple, { slope, shift, spread }: SwapModel): number {
  const around = slope * logOdds(first) + shift;
  let gain = 0;
  for (const [node, weight] of NODES) {
    const second = tilt(first, around + node * spread);
    gain += weight * divergence(meanTriple([first, second]), first);
  }
  return gain;
}

/**
 * Variance of "A" minus "B" (1, -1, 0 for a tie): how open it is which answer wins. A second reading that moves the log odds
 * by a small d moves the log loss by d² / 2 times this (second-order expansion of the divergence).
 */
export function uncertainty([a, b]: Triple): number {
  return a + b - (a - b) ** 2;
}

/** The same P(tie), with other log odds of A against B. */
function tilt([, , tie]: Triple, odds: number): Triple {
  const a = (1 - tie) / (1 + Math.exp(-odds));
  return [a, 1 - tie - a, tie];
}

function divergence(truth: Triple, guess: Triple): number {
  return truth.reduce((sum, p, i) => sum + (p > 0 ? p * Math.log(p / Math.max(guess[i] ?? 0, 1e-12)) : 0), 0);
}
