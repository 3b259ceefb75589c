import { quantiles } from "../numbers/quantile.ts";

/**
 * Statistics of the label mass, the probability that the model gives to all labels together, over the rows where it is known.
 */
export interface LabelMass {
  readonly rows: number;
  readonly median: number;
  /** 5th percentile. */
  readonly low: number;
  readonly smallest: number;
}

/** Summarises label masses, where NaN stands for an unknown mass. Null when no mass is known. */
export function labelMass(mass: Float64Array): LabelMass | null {
  const known = mass.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return null;
  const [median, low, smallest] = quantiles(known, [0.5, 0.05, 0]) as [number, number, number];
  return { rows: known.length, median, low, smallest };
}
