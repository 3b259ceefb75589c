import { normalQuantile } from "../numbers/normal.ts";

/** The question how many rows a test of a mean with a fixed number of rows needs. */
export interface SizeQuestion {
  /** The mean to detect, for example the difference observed so far. */
  readonly difference: number;
  /** Standard error of the mean over `rows` rows, computed by a method that takes groups into account. */
  readonly standardError: number;
  readonly rows: number;
  /** 1 - probability of a false positive, two-sided. Default 0.95. */
  readonly level?: number;
  /** Probability of detecting the difference if it exists. Default 0.8. */
  readonly power?: number;
}

/**
 * Computes the total number of rows that a test of fixed size needs to detect a difference: rows · (reach · error /
 * difference)², by the normal approximation; infinite for a difference of 0. It assumes that further rows come in groups of the
 * same kind, because the standard error contains the effect of the groups.
 */
export function rowsNeeded(question: SizeQuestion): number {
  const { difference, standardError, rows, level = 0.95, power = 0.8 } = question;
  if (difference === 0) return Number.POSITIVE_INFINITY;
  // The distance between the difference and 0 that the test needs, as a multiple of the standard error.
  const reach = normalQuantile((1 + level) / 2) + normalQuantile(power);
  return Math.ceil(rows * ((reach * standardError) / difference) ** 2);
}
