/**
 * Computes the standard normal distribution function. Marsaglia, Evaluating the normal distribution, Journal of
 * Statistical Software 11(4), 2004: Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + ...), which converges to double precision;
 * in the far tails, where the series would cancel, 0 and 1 are returned beyond |x| = 8.
 */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let sum = x;
  let term = x;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && i < 400; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x) * 0.398_942_280_401_432_7;
}
