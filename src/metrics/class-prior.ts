import { type ClassMatrix, rowsOf } from "../class-matrix.ts";
import { perClass, uniform } from "../classes.ts";
import type { PerClass } from "../types.ts";

/**
 * Computes the share of each class, which is the best prediction that ignores the content of the rows; equal shares when there
 * are no rows.
 */
export function classPrior(truth: ClassMatrix): PerClass {
  const { classes, values } = truth;
  const rows = rowsOf(truth);
  if (rows === 0) return uniform(classes);
  const sums = new Float64Array(classes.length);
  for (const [index, weight] of values.entries()) {
    const place = index % classes.length;
    sums[place] = (sums[place] as number) + weight;
  }
  return perClass(classes, (_, place) => (sums[place] as number) / rows);
}
