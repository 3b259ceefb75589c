import { sum } from "../../numbers/sums.ts";
import type { Clip, Triple } from "../../types.ts";

const DECIMALS = 6;
const UNITS = 10 ** DECIMALS;

/**
 * Writes three probabilities with 6 decimals so that the written numbers sum to exactly 1. Clips them, divides them by
 * their sum, and rounds them by the largest remainder (Hamilton's method; of equal remainders, the earlier class is
 * preferred). Throws an Error for numbers that are not probabilities, because writing them would hide a bug.
 */
export function toDigits(probabilities: Triple, [low, high]: Clip): readonly [a: string, b: string, tie: string] {
  refuseNonsense(probabilities);
  const clipped = probabilities.map((probability) => Math.min(Math.max(probability, low), high));
  const total = sum(clipped);
  const [a = 0, b = 0, tie = 0] = roundToUnits(clipped.map((probability) => (probability / total) * UNITS));
  return [toText(a), toText(b), toText(tie)];
}

/**
 * Largest allowed difference between 1 and the sum of computed probabilities. Float32 log probabilities give a
 * difference of about 1e-7.
 */
const SUM_TOLERANCE = 1e-4;

function refuseNonsense(probabilities: Triple): void {
  const total = sum(probabilities);
  if (probabilities.every((probability) => probability >= 0) && Math.abs(total - 1) <= SUM_TOLERANCE) return;
  throw new Error(`not three probabilities that sum to 1: ${probabilities.join(", ")}`);
}

function roundToUnits(shares: readonly number[]): readonly number[] {
  const units = shares.map(Math.floor);
  const missing = UNITS - sum(units);
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((left, right) => right.remainder - left.remainder);
  for (const { index } of byRemainder.slice(0, missing)) units[index] = (units[index] ?? 0) + 1;
  return units;
}

// A double represents integers up to a million exactly, and toFixed rounds the quotient back to the same digits.
function toText(units: number): string {
  return (units / UNITS).toFixed(DECIMALS);
}
