import { drawUniform, seededGenerator, shuffledIndexes } from "../numbers/random.ts";
import { sum } from "../numbers/sums.ts";

/**
 * Computes the inclusion probabilities of a sample of `count` units: proportional to the sizes, which are above 0, but
 * at most 1. They sum to `count`. A unit whose share would exceed 1 is certain, and the rest is divided among the other
 * units (Särndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", section 3.6.2). With as many units as
 * `count`, or fewer, all are certain.
 */
export function inclusionProbabilities(sizes: Float64Array, count: number): Float64Array {
  const probabilities = new Float64Array(sizes.length).fill(1);
  if (count >= sizes.length) return probabilities;
  const descending = [...sizes.keys()].sort((one, other) => (sizes[other] as number) - (sizes[one] as number));
  let rest = sum(sizes);
  let certain = 0;
  for (const unit of descending) {
    if ((count - certain) * (sizes[unit] as number) < rest) break;
    rest -= sizes[unit] as number;
    certain += 1;
  }
  for (const unit of descending.slice(certain)) {
    probabilities[unit] = ((count - certain) * (sizes[unit] as number)) / rest;
  }
  return probabilities;
}

/**
 * Draws a sample in which each unit has exactly its inclusion probability, by systematic sampling in random order
 * (Madow 1949, "On the theory of systematic sampling, II"; random order: Hartley and Rao 1962, "Sampling with unequal
 * probabilities and without replacement"). The number of units is the sum of the probabilities, which is whole. Returns
 * the units in the random order. Equal seeds give equal samples.
 */
export function systematicSample(probabilities: Float64Array, seed: number): Uint32Array {
  const start = drawUniform(seededGenerator(seed));
  // Another seed for the order, because the order must not depend on the start.
  return selectFrom(shuffledIndexes(probabilities.length, seed ^ ORDER), probabilities, start);
}

const ORDER = 0x5bd1e995;

/**
 * Selects the units in whose interval of the summed probabilities one of the points start, start + 1, start + 2, ...
 * lies. `start` is from 0 to below 1.
 */
export function selectFrom(order: Uint32Array, probabilities: Float64Array, start: number): Uint32Array {
  const count = Math.round(sum(probabilities));
  const selected: number[] = [];
  let total = 0;
  for (const unit of order) {
    total += probabilities[unit] as number;
    // The sum is rounded, so that an error in the last digit neither loses the last unit nor adds one.
    const points = Math.min(count, Math.ceil(Math.round((total - start) * PRECISION) / PRECISION));
    if (points > selected.length) selected.push(unit);
  }
  return Uint32Array.from(selected);
}

const PRECISION = 2 ** 40;
