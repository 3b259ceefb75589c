import { normalQuantile } from "../numbers/normal.ts";

/** What a fixed-size test of a mean is planned with. */
export interface SizeQuestion {
  /** The mean to be told from 0, for example the difference observed so far. */
  readonly difference: number;
  /** Standard error of the mean on the rows at hand, from a method that respects groups. */
  readonly standardError: number;
  readonly rows: number;
  /** 1 - chance of a false alarm, two-sided. Default 0.95. */
  readonly level?: number;
  /** Chance to find the difference if it is there. Default 0.8. */
  readonly power?: number;
}

/**
 * Computes how many rows a fixed-size test needs in all to tell a difference from 0: rows x (reach x error / difference)²
 * with the usual normal approximation. Infinite for a difference of 0. The rows at hand carry their grouping into the
 * answer through the standard error: the new rows are taken to come in groups of the same kind.
 */
export function rowsNeeded(question: SizeQuestion): number {
  const { difference, standardError, rows, level = 0.95, power = 0.8 } = question;
  if (difference === 0) return Number.POSITIVE_INFINITY;
  const reach = normalQuantile((1 + level) / 2) + normalQuantile(power);
  return Math.ceil(rows * ((reach * standardError) / difference) ** 2);
}
