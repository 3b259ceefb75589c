import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import { wilsonInterval } from "../stats/wilson.ts";
import { flipDirection } from "../triple.ts";
import { largestOf } from "./accuracy.ts";
import { rowCount } from "./triples.ts";

/** What swapping the two answers does to a judge's verdicts. */
export interface SwapStudy {
  /** Rows scored in both orders. */
  readonly pairs: number;
  /** Rows whose verdict (a, b or tie, in the file's terms) is not the same in both orders. */
  readonly flips: number;
  readonly flipRate: number;
  /** Wilson interval of the flip rate; rows count as independent. */
  readonly flipInterval: Interval;
  /** Flips in favour of the answer shown first, over both orders: (first, first), (first, tie) or (tie, first). */
  readonly towardFirst: number;
  readonly towardSecond: number;
  /** (towardFirst - towardSecond) / pairs: 1 is always the first, -1 always the second, 0 no preference. */
  readonly positionBias: number;
  /** How far the log odds of a against b move towards the answer shown first, in nats; its interval is over groups. */
  readonly logOddsShift: MeanEstimate;
}

/**
 * Computes flip rate and position bias from probabilities of the same rows in both orders, both in the file's terms
 * (swapped back). The flip rate is 1 - "consistency" and the directions are "biased toward first / second" of Zheng et
 * al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", table 2; it is the "conflict rate" of Wang et al.
 * 2023, "Large Language Models are not Fair Evaluators", and 1 - "position consistency" of Shi et al. 2024, "Judging
 * the Judges"; the position bias is their preference fairness before it is normalised, with the sign turned round.
 */
export function swapStudy(
  shownAb: Float64Array,
  shownBa: Float64Array,
  groups: Uint32Array,
  options: BootstrapOptions,
): SwapStudy {
  const pairs = rowCount(shownAb, shownBa);
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

function logOdds(probabilities: Float64Array, row: number): number {
  const a = Math.max(Number.EPSILON, probabilities[3 * row] as number);
  const b = Math.max(Number.EPSILON, probabilities[3 * row + 1] as number);
  return Math.log(a / b);
}
