/**
 * Computes the quantile at level q in [0, 1] of values that are sorted in ascending order, and interpolates linearly
 * between neighbours. This is definition 7 of Hyndman and Fan (1996), "Sample quantiles in statistical packages", and
 * the default of numpy and scipy. Abtie uses no other definition. NaN without values.
 */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new Error(`quantileSorted: q must lie in [0, 1], got ${q}`);
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const position = q * last;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, last)] as number;
  return low + (high - low) * (position - below);
}

/** Computes quantiles of values in any order, without changing the order. See quantileSorted. */
export function quantiles(values: ArrayLike<number>, levels: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return levels.map((level) => quantileSorted(sorted, level));
}

/** Computes the median of values in any order; NaN without values. */
export function median(values: ArrayLike<number>): number {
  return quantileSorted(Float64Array.from(values).sort(), 0.5);
}
