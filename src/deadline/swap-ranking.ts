import { meanByClass } from "../classes.ts";
import type { PerClass } from "../types.ts";
import type { OrderPair } from "./pairs.ts";
import { fitSwapModel, logOdds, positionBias, type SwapModel } from "./swap-model.ts";

/** A row with an answer in one order. */
export interface Candidate {
  readonly row: number;
  readonly probabilities: PerClass;
  /** Prompt tokens that the swapped order would take. */
  readonly tokens: number;
}

/**
 * The probabilities for which the gain is computed: `raw` when the submission holds them as the model gave them, `calibrated`
 * when a calibration later removes bias and overconfidence.
 */
export type Scale = "raw" | "calibrated";

/** The facts that a ranking needs besides the candidates. */
export interface RankOptions {
  readonly scale: Scale;
  /** The answers of rows that have both orders already. */
  readonly pairs: readonly OrderPair[];
  /** Gives the time that a prompt of this many tokens takes, in any unit. */
  readonly costOf: (tokens: number) => number;
}

/**
 * Orders rows by the value of the swapped order per cost, the largest first: the greedy solution of the knapsack problem
 * (Dantzig, Discrete-variable extremum problems, Operations Research 5(2), 1957). It is close to the best solution, because
 * each row is a small part of the total.
 */
export function rankForSwapPass(candidates: readonly Candidate[], options: RankOptions): readonly Candidate[] {
  const worth = worthOf(candidates, options);
  const scored = candidates.map((row) => ({ row, score: worth(row.probabilities) / options.costOf(row.tokens) }));
  scored.sort((one, other) => other.score - one.score || one.row.row - other.row.row);
  return scored.map(({ row }) => row);
}

function worthOf(candidates: readonly Candidate[], { scale, pairs }: RankOptions): (first: PerClass) => number {
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
 * Computes the expected decrease of the log loss (nats) when the first answer p is replaced by the mean m of both orders. It
 * averages KL(m || p), the gain if m is the truth, over the answers that the model expects in the swapped order. If the judge
 * favours the answer shown first, its confident answers gain most; entropy and margin of p do not show that.
 */
export function expectedGain(first: PerClass, { slope, shift, spread }: SwapModel): number {
  const around = slope * logOdds(first) + shift;
  let gain = 0;
  for (const [node, weight] of NODES) {
    const second = tilt(first, around + node * spread);
    gain += weight * divergence(meanByClass([first, second]), first);
  }
  return gain;
}

/**
 * Computes the variance of a variable that is 1 for A, -1 for B and 0 for a tie: it is large when it is uncertain which answer
 * wins. A second reading that moves the log odds by a small d changes the log loss by d² / 2 times this variance (second-order
 * expansion of the divergence).
 */
export function uncertainty([a, b]: PerClass): number {
  return a + b - (a - b) ** 2;
}

/** Gives the probabilities with the same P(tie) but these log odds of A against B. */
function tilt([, , tie]: PerClass, odds: number): PerClass {
  const either = 1 - (tie ?? 0);
  const a = either / (1 + Math.exp(-odds));
  return tie === undefined ? [a, either - a] : [a, either - a, tie];
}

function divergence(truth: PerClass, guess: PerClass): number {
  return truth.reduce<number>((sum, p, i) => sum + (p > 0 ? p * Math.log(p / Math.max(guess[i] ?? 0, 1e-12)) : 0), 0);
}
