import { quantileSorted } from "../numbers/quantile.ts";
import { sum } from "../numbers/sums.ts";
import type { Fit } from "./fit.ts";
import type { Lengths } from "./lengths.ts";

/** The seconds by which one sample (row) lengthens the job at the best setting: for the mean, the middle and a long row. */
export interface SecondsPerSample {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
}

/**
 * Computes the time of each row from its length by the fitted model, and takes mean, median and 95th percentile over the rows
 * of the file. `promptsPerRow` is 2 when each row is scored in both orders.
 */
export function secondsPerSample(
  { rowMs, tokenMs }: Pick<Fit, "rowMs" | "tokenMs">,
  { rows }: Pick<Lengths, "rows">,
  promptsPerRow: number,
): SecondsPerSample {
  const seconds = rows.map(({ tokens }) => (promptsPerRow * (rowMs + tokenMs * tokens)) / 1_000);
  const sorted = seconds.toSorted((one, other) => one - other);
  return { mean: sum(seconds) / seconds.length, p50: quantileSorted(sorted, 0.5), p95: quantileSorted(sorted, 0.95) };
}
