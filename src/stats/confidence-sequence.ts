import type { Interval } from "./interval.ts";

export interface SequenceOptions {
  /** Every value observed lies in [-bound, bound]. */
  readonly bound: number;
  /** Chance that the interval holds the mean at every moment, all moments together. */
  readonly level: number;
  /** The means put to the test, ascending, strictly inside (-bound, bound). */
  readonly candidates: readonly number[];
}

export type Side = "above" | "below";

/** Tests of several candidate means that stay valid however often they are looked at. */
export interface ConfidenceSequence {
  /** Takes in the next value; values come in an order fixed before any of them was known. */
  readonly observe: (value: number) => void;
  readonly count: () => number;
  /** The plain mean of the values so far; 0 before the first. */
  readonly mean: () => number;
  /** The mean square of the values so far; 0 before the first. */
  readonly meanSquare: () => number;
  /** On which side of a candidate the true mean has been shown to lie; null while that is open. Never changes again. */
  readonly side: (candidate: number) => Side | null;
  /** Natural logarithm of the evidence that the true mean lies above (below) a candidate; log(2 / (1 - level)) decides. */
  readonly logEvidence: (candidate: number, side: Side) => number;
  /** The means not ruled out so far, widened to the next candidate that is. */
  readonly interval: () => Interval;
}

/**
 * Creates a confidence sequence for the mean of bounded, independent values by betting: for each candidate mean m, two
 * gamblers bet that the truth lies above or below it. If m is the true mean, neither can expect to gain, so that either
 * ever multiplies its capital by 2 / (1 - level) with a chance of at most (1 - level) / 2 (Ville's inequality). A
 * candidate that was ruled out once stays ruled out. The stake is close to Kelly's: estimated mean over mean square,
 * from the values before, so that the price of the wide bound is small where values rarely come near it.
 *
 * Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS B 86(1),
 * theorem 3 (hedged capital) with the approximate Kelly bets of appendix B.3. Each observation costs time in
 * proportion to the number of candidates and no memory.
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

  const place = (candidate: number): number => {
    const index = candidates.indexOf(candidate);
    if (index < 0) throw new Error(`${candidate} is not a candidate of this confidence sequence`);
    return index;
  };

  return {
    observe: (value) => {
      // Written so that NaN is caught too.
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
    side: (candidate) => sides[place(candidate)] ?? null,
    logEvidence: (candidate, side) => (side === "above" ? above : below)[place(candidate)] as number,
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

// Before the data speak, each gambler believes in an effect of 0.08 standard deviations, as firmly as after 400 values,
// and in a standard deviation of 0.5 (nats), as firmly as after 10. Wrong beliefs cost time, never validity.
const EFFECT = 0.08;
const EFFECT_WEIGHT = 400;
const VARIANCE = 0.25;
const VARIANCE_WEIGHT = 10;
// The share of its capital that a gambler may lose at once; all of it would be the end.
const MOST_AT_STAKE = 0.9;

/** The stake per unit of distance, at most what keeps the capital positive: the distance never falls below -worst. */
function stake(excess: number, squares: number, count: number, worst: number): number {
  const variance = (squares + VARIANCE * VARIANCE_WEIGHT) / (count + VARIANCE_WEIGHT);
  const mean = (excess + EFFECT * Math.sqrt(variance) * EFFECT_WEIGHT) / (count + EFFECT_WEIGHT);
  return Math.min(Math.max(0, mean / variance), MOST_AT_STAKE / worst);
}
