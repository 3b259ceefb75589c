/** Index of one of a filter's five variables in a vector. */
export type Index = 0 | 1 | 2 | 3 | 4;
export type Vector = readonly [number, number, number, number, number];
export type Matrix = readonly [Vector, Vector, Vector, Vector, Vector];

/** A matrix of zeros. */
export const ZERO: Matrix = createMatrix(() => 0);

/** Creates a vector from its elements. */
export function createVector(element: (i: Index) => number): Vector {
  return [element(0), element(1), element(2), element(3), element(4)];
}

/** Copies a vector with another value at one index. */
export function withElement(vector: Vector, place: Index, value: number): Vector {
  return createVector((i) => (i === place ? value : vector[i]));
}

/** Computes the dot product of two vectors. */
export function dot(one: Vector, other: Vector): number {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2] + one[3] * other[3] + one[4] * other[4];
}

/** Multiplies a matrix with a vector. */
export function multiply(matrix: Matrix, vector: Vector): Vector {
  return createVector((i) => dot(matrix[i], vector));
}

/** Adds `factor` times the outer product of a vector with itself to a matrix. */
export function addOuter(matrix: Matrix, vector: Vector, factor: number): Matrix {
  return createMatrix((i, j) => matrix[i][j] + factor * vector[i] * vector[j]);
}

/** Adds a vector to the diagonal of a matrix. */
export function addDiagonal(matrix: Matrix, diagonal: Vector): Matrix {
  return createMatrix((i, j) => matrix[i][j] + (i === j ? diagonal[i] : 0));
}

/**
 * Multiplies one variable of a covariance matrix by a factor: its row and its column, and so its variance by the factor
 * squared.
 */
export function scaleVariable(matrix: Matrix, place: Index, factor: number): Matrix {
  const by = (i: Index): number => (i === place ? factor : 1);
  return createMatrix((i, j) => matrix[i][j] * by(i) * by(j));
}

/** Replaces one variable of a covariance matrix by an independent variable with this variance. */
export function replaceVariable(matrix: Matrix, place: Index, variance: number): Matrix {
  return createMatrix((i, j) => {
    if (i !== place && j !== place) return matrix[i][j];
    return i === j ? variance : 0;
  });
}

function createMatrix(element: (i: Index, j: Index) => number): Matrix {
  const row = (i: Index): Vector => createVector((j) => element(i, j));
  return [row(0), row(1), row(2), row(3), row(4)];
}
