import type { Triple } from "../types.ts";

/** The answers of one row in both orders, the second one swapped back: both are about the same A and B. */
export interface Pair {
  readonly first: Triple;
  readonly second: Triple;
}

/** What the swapped order changed, over all rows that were scored in both. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the rows whose most probable label was another one in the swapped order; null without pairs. */
  readonly flipRate: number | null;
  /** Mean distance between the two orders' probabilities: half the sum of the absolute differences (total variation). */
  readonly meanDistance: number | null;
  /** Mean distance between the first order's probabilities and the average that replaced them. */
  readonly meanChange: number | null;
  /** Mean of P(A) + P(tie)/2 over both orders' readings before swapping back, minus 1/2: above 0 the first shown is favoured. */
  readonly firstShownBonus: number | null;
}

/** Turns an answer to the swapped order round: what it said of the first shown is about B. */
export function swapBack([first, second, tie]: Triple): Triple {
  return [second, first, tie];
}

/** Averages the probabilities of both orders; the second must be swapped back. */
export function averageOrders({ first, second }: Pair): Triple {
  return [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2, (first[2] + second[2]) / 2];
}

/** Describes what the second pass found: flips and changes. */
export function summarizePairs(pairs: readonly Pair[]): PairSummary {
  if (pairs.length === 0) {
    return { pairs: 0, flipRate: null, meanDistance: null, meanChange: null, firstShownBonus: null };
  }
  const mean = (value: (pair: Pair) => number): number =>
    pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
  return {
    pairs: pairs.length,
    flipRate: mean(({ first, second }) => Number(winner(first) !== winner(second))),
    meanDistance: mean(({ first, second }) => distance(first, second)),
    meanChange: mean((pair) => distance(pair.first, averageOrders(pair))),
    firstShownBonus: mean(({ first, second }) => (first[0] - first[1] + second[1] - second[0]) / 4),
  };
}

/** Index of the most probable label; of equals, the first in the project's order. */
function winner(triple: Triple): number {
  return triple.indexOf(Math.max(...triple));
}

function distance(one: Triple, other: Triple): number {
  return one.reduce((sum, value, i) => sum + Math.abs(value - (other[i] ?? 0)), 0) / 2;
}
