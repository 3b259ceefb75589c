/**
 * Computes the quantile of ascending values at level q in [0, 1], interpolating linearly between neighbours: definition
 * 7 of Hyndman and Fan (1996), "Sample quantiles in statistical packages", the default of numpy and scipy. It is the only
 * definition that abtie uses. NaN without values.
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

/** Computes quantiles of values in any order; the values are left as they are. See quantileSorted. */
export function quantiles(values: ArrayLike<number>, levels: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return levels.map((level) => quantileSorted(sorted, level));
}

/** Computes the median of values in any order; NaN without values. */
export function median(values: ArrayLike<number>): number {
  return quantileSorted(Float64Array.from(values).sort(), 0.5);
}
