/**
 * Computes the exact two-sided p value of McNemar's test from the numbers of rows on which only the first or only the second of
 * two judges is right. It tests whether, on such a row, both judges are equally likely to be right (binomial with probability
 * 1/2, the smaller tail doubled). The test assumes independent rows; where many rows share a prompt, use the bootstrap over
 * groups.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const trials = onlyFirst + onlySecond;
  const smaller = Math.min(onlyFirst, onlySecond);
  // `logTerm` is the logarithm of the tail's largest term. The other terms are computed relative to it from the ratios of
  // neighbouring binomial coefficients.
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
