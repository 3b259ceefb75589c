import { type ClassMatrix, rowAt, rowsOf } from "../../class-matrix.ts";
import { sum } from "../../numbers/sums.ts";
import type { Clip, PerClass } from "../../types.ts";

const DECIMALS = 6;
const UNITS = 10 ** DECIMALS;

/**
 * Writes the probabilities of a row with 6 decimals so that the written numbers sum to exactly 1. Clips them, divides them by
 * their sum, and rounds them by the largest remainder (Hamilton's method; of equal remainders, the earlier class is
 * preferred). Throws an Error for numbers that are not probabilities, because writing them would hide a bug.
 */
export function toDigits(probabilities: PerClass, [low, high]: Clip): readonly string[] {
  refuseNonsense(probabilities);
  const clipped = probabilities.map((probability) => Math.min(Math.max(probability, low), high));
  const total = sum(clipped);
  return roundToUnits(clipped.map((probability) => (probability / total) * UNITS)).map(toText);
}

/** Clips and rounds the probabilities of rows as a submission does. */
export function asWritten({ classes, values }: ClassMatrix, clip: Clip): ClassMatrix {
  const written = { classes, values: new Float64Array(values.length) };
  for (let row = 0; row < rowsOf(written); row += 1) {
    written.values.set(toDigits(rowAt({ classes, values }, row), clip).map(Number), classes.length * row);
  }
  return written;
}

/**
 * Largest allowed difference between 1 and the sum of computed probabilities. Float32 log probabilities give a
 * difference of about 1e-7.
 */
const SUM_TOLERANCE = 1e-4;

function refuseNonsense(probabilities: PerClass): void {
  const total = sum(probabilities);
  if (probabilities.every((probability) => probability >= 0) && Math.abs(total - 1) <= SUM_TOLERANCE) return;
  throw new Error(`not probabilities that sum to 1: ${probabilities.join(", ")}`);
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
