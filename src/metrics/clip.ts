/** The smallest and the largest probability allowed before each row is divided by its sum. */
export type Clip = readonly [low: number, high: number];

/** Clips probabilities and divides each row by its sum, so that no row can cost more than a known loss. */
export function clipProbabilities(probabilities: Float64Array, [low, high]: Clip): Float64Array {
  const clipped = probabilities.map((value) => Math.min(high, Math.max(low, value)));
  for (let start = 0; start < clipped.length; start += 3) {
    const row = clipped.subarray(start, start + 3);
    const sum = (row[0] as number) + (row[1] as number) + (row[2] as number);
    for (let place = 0; place < 3; place += 1) row[place] = (row[place] as number) / sum;
  }
  return clipped;
}

/**
 * Computes the largest difference in nats that two clipped predictions of the same row can have in log loss: the
 * logarithm of the largest over the smallest probability that a clipped row can hold.
 */
export function lossDifferenceBound([low, high]: Clip): number {
  const largest = high / (high + 2 * low);
  // A row summed to 1 before; clipping adds at most 2 x low to it.
  const smallest = low / (1 + 2 * low);
  return Math.log(largest / smallest);
}
