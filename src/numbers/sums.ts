/** Adds up values in their order; 0 without values. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Computes the arithmetic mean; NaN without values. */
export function mean(values: ArrayLike<number> & Iterable<number>): number {
  return sum(values) / values.length;
}

/**
 * Subtracts each number of `values` from the number at the same position of `from`. Both lists have the same length.
 */
export function subtract(from: Float64Array, values: Float64Array): Float64Array {
  return from.map((value, index) => value - (values[index] as number));
}

/**
 * Computes the logarithm of the sum of exponentials. Subtracts the largest value first, so that large values do not
 * overflow and a sum of tiny numbers does not become 0. -Infinity without values, and when all values are -Infinity.
 */
export function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  return largest + Math.log(sum(values.map((value) => Math.exp(value - largest))));
}
