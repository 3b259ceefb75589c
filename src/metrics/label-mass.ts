import { quantiles } from "../numbers/quantile.ts";

/** Share of its probability that the model gave to the labels, over the rows where it is known. */
export interface LabelMass {
  readonly rows: number;
  readonly median: number;
  /** 5th percentile. */
  readonly low: number;
  readonly smallest: number;
}

/** Summarises label mass; NaN stands for a row whose mass is unknown. Null when no row's is known. */
export function labelMass(mass: Float64Array): LabelMass | null {
  const known = mass.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return null;
  const [median, low, smallest] = quantiles(known, [0.5, 0.05, 0]) as [number, number, number];
  return { rows: known.length, median, low, smallest };
}
