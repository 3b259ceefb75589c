/**
 * Computes the exact two-sided p value of McNemar's test. Among the rows on which only one of two judges is right, it
 * tests whether both judges are equally likely to be that one (binomial with probability 1/2, the smaller tail doubled).
 * It takes the rows as independent; where many rows share a prompt, use the bootstrap over groups.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const trials = onlyFirst + onlySecond;
  const smaller = Math.min(onlyFirst, onlySecond);
  // The largest term of the tail as a logarithm; the others relative to it, by ratios of neighbouring coefficients.
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
