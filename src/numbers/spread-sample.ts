/** Chooses up to `count` row numbers spread evenly over `total` rows, the first and the last among them. */
export function sampleRows(total: number, count: number): readonly number[] {
  if (total <= count) return Array.from({ length: total }, (_, row) => row);
  return Array.from({ length: count }, (_, place) => Math.round((place * (total - 1)) / (count - 1)));
}
