import type { Triple } from "../types.ts";
import { meanOfTriples } from "./triples.ts";

/**
 * Computes the share of each class, which is the best prediction that ignores the content of the rows; one third each when
 * there are no rows.
 */
export function classPrior(truth: Float64Array, weights: Float64Array | null = null): Triple {
  return truth.length === 0 ? [1 / 3, 1 / 3, 1 / 3] : meanOfTriples(truth, weights);
}

/** Repeats one prediction for `rows` rows. */
export function repeatTriple(triple: Triple, rows: number): Float64Array {
  return Float64Array.from({ length: 3 * rows }, (_, index) => triple[(index % 3) as 0 | 1 | 2]);
}
