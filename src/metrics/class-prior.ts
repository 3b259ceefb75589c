import { type ClassMatrix, rowsOf } from "../class-matrix.ts";
import { perClass, uniform } from "../classes.ts";
import type { PerClass } from "../types.ts";

/**
 * Computes the share of each class, which is the best prediction that ignores the content of the rows; equal shares when there
 * are no rows. Weighted, if there are weights with the mean 1.
 */
export function classPrior(truth: ClassMatrix, weights: Float64Array | null = null): PerClass {
  const { classes, values } = truth;
  const rows = rowsOf(truth);
  if (rows === 0) return uniform(classes);
  const sums = new Float64Array(classes.length);
  for (const [index, share] of values.entries()) {
    const place = index % classes.length;
    const weight = weights === null ? 1 : (weights[Math.floor(index / classes.length)] as number);
    sums[place] = (sums[place] as number) + weight * share;
  }
  return perClass(classes, (_, place) => (sums[place] as number) / rows);
}
