import type { Triple } from "../types.ts";
import { largestOf } from "./accuracy.ts";
import { rowCount } from "./triples.ts";

/** Rows of the table: what people said (a, b, tie); columns: the most probable class. Counts, or sums of vote shares. */
export type Confusion = readonly [Triple, Triple, Triple];

/** Counts predicted classes by true class. */
export function confusionOf(probabilities: Float64Array, truth: Float64Array): Confusion {
  const rows = rowCount(probabilities, truth);
  const counts: [number, number, number][] = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (let row = 0; row < rows; row += 1) {
    const predicted = largestOf(probabilities, row);
    for (const [actual, line] of counts.entries()) line[predicted] += truth[3 * row + actual] as number;
  }
  return counts as unknown as Confusion;
}
