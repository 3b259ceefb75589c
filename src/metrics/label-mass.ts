import { quantiles } from "../numbers/quantile.ts";

/** How much probability the model gave to the labels, over the rows where that is known. */
export interface LabelMass {
  readonly rows: number;
  readonly median: number;
  /** 5th percentile. */
  readonly low: number;
  readonly smallest: number;
}

/** Summarises label masses; NaN stands for an unknown one. Null when no mass is known. */
export function labelMass(mass: Float64Array): LabelMass | null {
  const known = mass.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return null;
  const [median, low, smallest] = quantiles(known, [0.5, 0.05, 0]) as [number, number, number];
  return { rows: known.length, median, low, smallest };
}
