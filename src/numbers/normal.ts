/**
 * Computes the standard normal distribution function. The relative error is below 1e-13 for x in [-37, 37]. Uses series
 * 26.2.11 and continued fraction 26.2.14 of Abramowitz and Stegun, "Handbook of Mathematical Functions".
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x < -SERIES_LIMIT) return tail(-x);
  if (x > SERIES_LIMIT) return 1 - tail(x);
  return 0.5 + series(x);
}

/**
 * Computes the quantile of the standard normal distribution: the x with normalCdf(x) = p; infinite at p = 0 and p = 1.
 * Starts from formula 26.2.23 of Abramowitz and Stegun (error 4.5e-4) and improves it with three Halley steps.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new Error(`normalQuantile: p must lie in [0, 1], got ${p}`);
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  let x = firstGuess(p);
  for (let step = 0; step < 3; step += 1) {
    const error = (normalCdf(x) - p) / density(x);
    x -= error / (1 + (x * error) / 2);
  }
  return x;
}

const SERIES_LIMIT = 3;

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return density(x) * sum;
}

function tail(x: number): number {
  let fraction = x;
  for (let k = 150; k >= 1; k -= 1) fraction = x + k / fraction;
  return density(x) / fraction;
}

function firstGuess(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  return (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
}
