import type { Triple } from "../types.ts";

/**
 * Computes the share of each class, which is the best prediction that ignores the content of the rows; one third each when
 * there are no rows.
 */
export function classPrior(truth: Float64Array): Triple {
  const rows = truth.length / 3;
  if (rows === 0) return [1 / 3, 1 / 3, 1 / 3];
  const sums: [number, number, number] = [0, 0, 0];
  for (let index = 0; index < truth.length; index += 1) sums[(index % 3) as 0 | 1 | 2] += truth[index] as number;
  return [sums[0] / rows, sums[1] / rows, sums[2] / rows];
}

/** Repeats one prediction for `rows` rows. */
export function repeatTriple(triple: Triple, rows: number): Float64Array {
  return Float64Array.from({ length: 3 * rows }, (_, index) => triple[(index % 3) as 0 | 1 | 2]);
}
