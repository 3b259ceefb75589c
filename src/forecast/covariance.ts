/** Variables of a filter. Their means are followed by their covariance, row by row. */
export const SIZE = 5;

/** Finds the place of an element of the covariance that belongs to the means at `at`. */
export function elementAt(at: number, i: number, j: number): number {
  return at + SIZE + i * SIZE + j;
}

/** Multiplies two vectors. */
export function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < SIZE; i++) sum += (one[i] ?? 0) * (other[i] ?? 0);
  return sum;
}

/** Multiplies the covariance at `at` with a vector. */
export function multiply(all: Float64Array, at: number, vector: Float64Array, product: Float64Array): void {
  for (let i = 0; i < SIZE; i++) {
    let sum = 0;
    for (let j = 0; j < SIZE; j++) sum += (all[elementAt(at, i, j)] ?? 0) * (vector[j] ?? 0);
    product[i] = sum;
  }
}

/** Adds `factor` times the outer product of a vector with itself to the covariance at `at`. */
export function addOuter(all: Float64Array, at: number, vector: Float64Array, factor: number): void {
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) add(all, at, i, j, factor * (vector[i] ?? 0) * (vector[j] ?? 0));
  }
}

/** Adds to one element of the covariance. */
export function add(all: Float64Array, at: number, i: number, j: number, value: number): void {
  const place = elementAt(at, i, j);
  all[place] = (all[place] ?? 0) + value;
}

/** Sets an element of the covariance and its mirror image. */
export function setBoth(all: Float64Array, at: number, i: number, j: number, value: number): void {
  all[elementAt(at, i, j)] = value;
  all[elementAt(at, j, i)] = value;
}

/** Sets the variance of one variable, and forgets how it goes with the others. */
export function setVariance(all: Float64Array, at: number, i: number, variance: number): void {
  for (let j = 0; j < SIZE; j++) setBoth(all, at, i, j, 0);
  setBoth(all, at, i, i, variance);
}
