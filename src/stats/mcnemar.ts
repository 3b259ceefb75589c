/**
 * Computes the exact two-sided p value of McNemar's test: given the rows on which only one of two judges is right,
 * whether "only the first" and "only the second" are equally likely (binomial with probability 1/2, smaller tail doubled).
 * Rows count as independent; where many rows share a prompt, trust the bootstrap over groups instead.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const trials = onlyFirst + onlySecond;
  const smaller = Math.min(onlyFirst, onlySecond);
  // The largest term of the tail in logarithms, the others by the ratio of neighbouring binomial coefficients.
  let logTerm = -trials * Math.LN2;
  for (let k = 1; k <= smaller; k += 1) logTerm += Math.log((trials - smaller + k) / k);
  let relative = 1;
  let tail = 0;
  for (let k = smaller; k >= 0; k -= 1) {
    tail += relative;
    relative *= k / (trials - k + 1);
  }
  return Math.min(1, 2 * tail * Math.exp(logTerm));
}
