import { type ClassMatrix, repeatRow, rowsOf } from "../class-matrix.ts";
import { perClass, uniform } from "../classes.ts";
import type { PerClass } from "../types.ts";
import { logLosses } from "./log-loss.ts";

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

/**
 * Computes the log loss of each row, in nats, when every row is predicted by the class prior of all these rows: the one definition
 * of "the class prior" as a score. It knows the shares of the very rows, so that a judge has to beat a little more than a prior
 * from other rows.
 */
export function classPriorLosses(truth: ClassMatrix, weights: Float64Array | null = null): Float64Array {
  return logLosses(repeatRow(truth.classes, classPrior(truth, weights), rowsOf(truth)), truth);
}
