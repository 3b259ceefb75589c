import { normalQuantile } from "../numbers/normal.ts";

/** The question how many labels show that a mean differs from a given number. */
export interface LabelsQuestion {
  /** The mean so far minus the number. */
  readonly difference: number;
  /** The variance of the mean is perLabel / labels + floor. */
  readonly variance: { readonly perLabel: number; readonly floor: number };
  /** Number of labels so far. */
  readonly labels: number;
  /** Number of rows that can have a label. */
  readonly rows: number;
  /** 1 - probability of a false positive, two-sided. Default 0.95. */
  readonly level?: number;
  /** Probability of showing the difference if it is as large as now. Default 0.8. */
  readonly power?: number;
}

/**
 * Computes the number of further labels, drawn like those so far, that show a difference of this size, by the normal
 * approximation. Null when labels of all rows would not show it: then more rows are needed, or there is no difference.
 */
export function labelsNeeded(question: LabelsQuestion): number | null {
  const { difference, variance, labels, rows, level = 0.95, power = 0.8 } = question;
  const reach = normalQuantile((1 + level) / 2) + normalQuantile(power);
  const allowed = (difference / reach) ** 2 - variance.floor;
  if (allowed <= 0) return null;
  const needed = Math.ceil(variance.perLabel / allowed);
  return needed > rows ? null : Math.max(0, needed - labels);
}
