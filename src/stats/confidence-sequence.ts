import type { Interval } from "./interval.ts";

export interface SequenceOptions {
  /** Every value observed lies in [-bound, bound]. */
  readonly bound: number;
  /** Probability that the interval contains the true mean at every moment, from the first value to the last. */
  readonly level: number;
  /** The means to test, ascending, strictly between -bound and bound. */
  readonly candidates: readonly number[];
}

export type Side = "above" | "below";

/** Tests several candidate means. The tests stay valid however often their results are read. */
export interface ConfidenceSequence {
  /** Adds the next value. The order of the values must have been fixed before any of them was known. */
  readonly observe: (value: number) => void;
  readonly count: () => number;
  /** The plain mean of the values so far; 0 before the first. */
  readonly mean: () => number;
  /** The mean square of the values so far; 0 before the first. */
  readonly meanSquare: () => number;
  /** The side of a candidate on which the true mean lies; null while that is undecided. A decision is final. */
  readonly side: (candidate: number) => Side | null;
  /**
   * Natural logarithm of the evidence that the true mean lies above (or below) a candidate. At log(2 / (1 - level)) the side is
   * decided.
   */
  readonly logEvidence: (candidate: number, side: Side) => number;
  /**
   * The interval of the means that are not ruled out. At each end it extends to the nearest candidate that is ruled out, or to
   * the bound.
   */
  readonly interval: () => Interval;
}

/**
 * Creates a confidence sequence for the mean of bounded, independent values by betting. For each candidate mean m there are two
 * bets with their own capitals: that the true mean lies above m, and that it lies below m. If m is the true mean, neither
 * capital grows on average, so the probability that a capital ever reaches 2 / (1 - level) times its start is at most (1 -
 * level) / 2 (Ville's inequality). A candidate that was ruled out once stays ruled out. The stake is close to Kelly's: the
 * estimated mean divided by the mean square, both from the earlier values. Therefore a wide bound costs little when values
 * rarely come near the bound.
 *
 * Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS B 86(1), theorem 3
 * (hedged capital) with the approximate Kelly bets of appendix B.3. The time of an observation is proportional to the number of
 * candidates; the memory does not grow.
 */
export function createConfidenceSequence(options: SequenceOptions): ConfidenceSequence {
  const { bound, level } = options;
  const candidates = Float64Array.from(options.candidates);
  const threshold = Math.log(2 / (1 - level));
  const above = new Float64Array(candidates.length);
  const below = new Float64Array(candidates.length);
  const sides: (Side | null)[] = options.candidates.map(() => null);
  let count = 0;
  let sum = 0;
  let squares = 0;

  const indexOf = (candidate: number): number => {
    const index = candidates.indexOf(candidate);
    if (index < 0) throw new Error(`${candidate} is not a candidate of this confidence sequence`);
    return index;
  };

  return {
    observe: (value) => {
      // Because of the negation, the test also rejects NaN.
      if (!(Math.abs(value) <= bound)) throw new Error(`the value ${value} lies outside -${bound} to ${bound}`);
      for (let index = 0; index < candidates.length; index += 1) {
        if (sides[index] !== null) continue;
        const candidate = candidates[index] as number;
        const excess = sum - count * candidate;
        const variance = squares - 2 * candidate * sum + count * candidate * candidate;
        const distance = value - candidate;
        const up = stake(excess, variance, count, bound + candidate);
        const down = stake(-excess, variance, count, bound - candidate);
        const gainUp = (above[index] as number) + Math.log1p(up * distance);
        const gainDown = (below[index] as number) + Math.log1p(-down * distance);
        above[index] = gainUp;
        below[index] = gainDown;
        if (gainUp >= threshold) sides[index] = "above";
        else if (gainDown >= threshold) sides[index] = "below";
      }
      count += 1;
      sum += value;
      squares += value * value;
    },
    count: () => count,
    mean: () => sum / Math.max(1, count),
    meanSquare: () => squares / Math.max(1, count),
    side: (candidate) => sides[indexOf(candidate)] ?? null,
    logEvidence: (candidate, side) => (side === "above" ? above : below)[indexOf(candidate)] as number,
    interval: () => {
      const lowest = sides.findIndex((side) => side !== "above");
      const highest = sides.findLastIndex((side) => side !== "below");
      return {
        low: lowest === 0 ? -bound : (candidates[lowest < 0 ? candidates.length - 1 : lowest - 1] as number),
        high: highest === candidates.length - 1 ? bound : (candidates[highest + 1] as number),
      };
    },
  };
}

// Prior of the stake: an effect of 0.08 standard deviations with the weight of 400 values, and a standard deviation of 0.5 nats
// with the weight of 10 values. A wrong prior delays a decision but never makes it invalid.
const EFFECT = 0.08;
const EFFECT_WEIGHT = 400;
const VARIANCE = 0.25;
const VARIANCE_WEIGHT = 10;
// A bet can lose at most this share of its capital, because a capital of 0 would stay 0.
const MOST_AT_STAKE = 0.9;

/**
 * Computes the stake per unit of distance. It is small enough that the capital stays positive even at the smallest distance,
 * -worst.
 */
function stake(excess: number, squares: number, count: number, worst: number): number {
  const variance = (squares + VARIANCE * VARIANCE_WEIGHT) / (count + VARIANCE_WEIGHT);
  const mean = (excess + EFFECT * Math.sqrt(variance) * EFFECT_WEIGHT) / (count + EFFECT_WEIGHT);
  return Math.min(Math.max(0, mean / variance), MOST_AT_STAKE / worst);
}
