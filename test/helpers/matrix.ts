import type { ClassMatrix } from "../../src/class-matrix.ts";
import { CLASSES, WITHOUT_TIE } from "../../src/types.ts";

/** Rows of a, b and tie, three numbers each. */
export function withTie(values: Iterable<number>): ClassMatrix {
  return { classes: CLASSES, values: Float64Array.from(values) };
}

/** Rows of a and b, two numbers each. */
export function withoutTie(values: Iterable<number>): ClassMatrix {
  return { classes: WITHOUT_TIE, values: Float64Array.from(values) };
}
