import type { Classes, PerClass } from "./types.ts";

/** Numbers of many rows by class. Row r begins at index r · classes.length of `values` and has one number per class. */
export interface ClassMatrix {
  readonly classes: Classes;
  readonly values: Float64Array;
}

/** Makes a matrix of rows of these classes. */
export function matrixOf(classes: Classes, rows: Iterable<PerClass>): ClassMatrix {
  return { classes, values: Float64Array.from([...rows].flat()) };
}

/** Makes a matrix in which every row is the same. */
export function repeatRow(classes: Classes, row: PerClass, rows: number): ClassMatrix {
  const matrix = { classes, values: new Float64Array(classes.length * rows) };
  for (let index = 0; index < rows; index += 1) setRow(matrix, index, row);
  return matrix;
}

/** Counts the rows. */
export function rowsOf({ classes, values }: ClassMatrix): number {
  return values.length / classes.length;
}

/**
 * Counts the rows of two matrices. Throws an Error when they do not have the same classes and the same number of rows,
 * which is a bug of the caller.
 */
export function sameRows(one: ClassMatrix, other: ClassMatrix): number {
  const rows = rowsOf(one);
  if (Number.isInteger(rows) && one.classes.length === other.classes.length && rows === rowsOf(other)) return rows;
  throw new Error(
    `expected the same rows and classes, got ${one.values.length} numbers of ${one.classes.length} classes and ` +
      `${other.values.length} numbers of ${other.classes.length} classes`,
  );
}

/** Returns the numbers of one row. */
export function rowAt({ classes, values }: ClassMatrix, row: number): PerClass {
  const start = classes.length * row;
  const [a, b] = [values[start] as number, values[start + 1] as number];
  return classes.length === 2 ? [a, b] : [a, b, values[start + 2] as number];
}

/** Replaces the numbers of one row. Throws an Error when the row has other classes, which is a bug of the caller. */
export function setRow({ classes, values }: ClassMatrix, row: number, numbers: PerClass): void {
  if (numbers.length !== classes.length) throw new Error(`${numbers.length} numbers for ${classes.length} classes`);
  values.set(numbers, classes.length * row);
}

/** Copies some rows, in the order given. */
export function pickRows(matrix: ClassMatrix, rows: Uint32Array): ClassMatrix {
  const width = matrix.classes.length;
  const values = new Float64Array(width * rows.length);
  for (const [index, row] of rows.entries()) {
    values.set(matrix.values.subarray(width * row, width * (row + 1)), width * index);
  }
  return { classes: matrix.classes, values };
}
