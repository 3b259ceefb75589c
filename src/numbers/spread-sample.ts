/**
 * Chooses up to `count` row numbers that are spread evenly over `total` rows. From two numbers on, the first and the
 * last row are among them.
 */
export function spreadSample(total: number, count: number): readonly number[] {
  if (total <= count) return Array.from({ length: total }, (_, row) => row);
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, index) => Math.round((index * (total - 1)) / (count - 1)));
}
