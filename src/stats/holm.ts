/**
 * Adjusts p values for multiple testing (Holm 1979, "A simple sequentially rejective multiple test procedure"). When every
 * hypothesis with an adjusted p value of at most alpha is rejected, the probability of any false rejection is at most alpha.
 * The result is in the order of the input.
 */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((one, other) => one.p - other.p);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, { p, index }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
}
