/**
 * Computes the quantile of sorted values at level q in [0, 1], interpolating linearly between neighbours
 * (definition 7 of Hyndman and Fan 1996, the default of numpy). NaN when there are no values.
 */
export function quantileSorted(sorted: Float64Array, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new Error(`quantileSorted: q must lie in [0, 1], got ${q}`);
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const position = q * last;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, last)] as number;
  return low + (high - low) * (position - below);
}

/** Computes quantiles of values in any order; the values are left as they are. */
export function quantiles(values: Float64Array, levels: readonly number[]): number[] {
  const sorted = values.toSorted();
  return levels.map((level) => quantileSorted(sorted, level));
}
