import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import { flipDirection } from "../classes.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import { wilsonInterval } from "../stats/wilson.ts";
import { largestOf } from "./accuracy.ts";

/** The effect of the swapped order of the two answers on a judge's verdicts. */
export interface SwapStudy {
  /** Rows scored in both orders. */
  readonly pairs: number;
  /** Rows whose most probable class (a, b or tie of the file) differs between the orders. */
  readonly flips: number;
  readonly flipRate: number;
  /** Wilson interval of the flip rate; it assumes independent rows. */
  readonly flipInterval: Interval;
  /**
   * Number of flips in favour of the answer shown first: it wins in both orders, or it wins in one order and the other order
   * gives a tie.
   */
  readonly towardFirst: number;
  readonly towardSecond: number;
  /**
   * (towardFirst - towardSecond) / pairs: 1 when the answer shown first always wins, -1 when the second always wins, 0 without
   * preference.
   */
  readonly positionBias: number;
  /** Mean shift of the log odds towards the answer shown first, in nats. The interval comes from the bootstrap over groups. */
  readonly logOddsShift: MeanEstimate;
}

/**
 * Computes flip rate and position bias from the probabilities of the same rows in both orders. Both hold the classes as in
 * the file, so `shownBa` must already be swapped back.
 *
 * The flip rate is 1 - "consistency" and the directions are "biased toward first / second" in table 2 of Zheng et al. 2023,
 * "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena". The flip rate is also the "conflict rate" of Wang et al. 2023,
 * "Large Language Models are not Fair Evaluators", and 1 - "position consistency" of Shi et al. 2024, "Judging the Judges"; the
 * position bias is their preference fairness before normalisation, with the opposite sign.
 */
export function swapStudy(
  shownAb: ClassMatrix,
  shownBa: ClassMatrix,
  groups: Uint32Array,
  options: BootstrapOptions,
): SwapStudy {
  const pairs = sameRows(shownAb, shownBa);
  const shifts = new Float64Array(pairs);
  let towardFirst = 0;
  let towardSecond = 0;
  for (let row = 0; row < pairs; row += 1) {
    shifts[row] = (logOdds(shownAb, row) - logOdds(shownBa, row)) / 2;
    const direction = flipDirection(largestOf(shownAb, row), largestOf(shownBa, row));
    if (direction === 1) towardFirst += 1;
    if (direction === -1) towardSecond += 1;
  }
  const flips = towardFirst + towardSecond;
  return {
    pairs,
    flips,
    flipRate: flips / pairs,
    flipInterval: wilsonInterval(flips, pairs, options.level ?? 0.95),
    towardFirst,
    towardSecond,
    positionBias: (towardFirst - towardSecond) / pairs,
    logOddsShift: bootstrapMean(shifts, groups, options),
  };
}

function logOdds(probabilities: ClassMatrix, row: number): number {
  const [a, b] = rowAt(probabilities, row);
  return Math.log(Math.max(Number.EPSILON, a) / Math.max(Number.EPSILON, b));
}
