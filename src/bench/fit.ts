/** The work that the engine finished in an interval, with as many prompts in flight as its setting allows. */
export interface TimedWork {
  readonly ms: number;
  readonly rows: number;
  readonly tokens: number;
}

/** The fitted time model of the engine: rowMs for each row plus tokenMs for each token. */
export interface Fit {
  readonly rowMs: number;
  readonly tokenMs: number;
  /** Covariance of rowMs and tokenMs, ms². */
  readonly covariance: readonly [rows: number, both: number, tokens: number];
  /** Variance of a measured time (ms²) per ms of that time. */
  readonly noise: number;
  /** Degrees of freedom: the number of measurements minus the number of fitted values, at least 1. */
  readonly freedom: number;
}

/** An estimate with the ends of its 95 % interval. */
export interface IntervalEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Fits ms = rowMs * rows + tokenMs * tokens by least squares. Each measurement is weighted by the inverse of its fitted
 * time, because the variance grows with the time (quasi-Poisson regression with identity link: McCullagh and Nelder,
 * Generalized Linear Models, 2nd ed. 1989, chapter 9). The fitted times then add up to the measured ones, so a stall
 * that lengthens one measurement and shortens the next does not bias the fit. Neither value is negative: if one would
 * be, it is set to 0 and the other is fitted alone. Throws an Error without measurements.
 */
export function fitRowTime(measured: readonly TimedWork[]): Fit {
  if (measured.length === 0) throw new Error("fitRowTime needs at least one measurement");
  const both = fitBoth(measured);
  if (both !== null) return { ...both, ...noiseOf(measured, both, 2) };
  const byTokens = fitOne(measured, "tokens");
  const byRows = fitOne(measured, "rows");
  const tokensFit = { ...byTokens, ...noiseOf(measured, byTokens, 1) };
  const rowsFit = { ...byRows, ...noiseOf(measured, byRows, 1) };
  return tokensFit.noise <= rowsFit.noise ? tokensFit : rowsFit;
}

/** Forecasts the time of an amount of work. The 95 % interval follows from the spread of the measurements. */
export function forecastWork(fit: Fit, work: { readonly rows: number; readonly tokens: number }): IntervalEstimate {
  const { rowMs, tokenMs, covariance, noise, freedom } = fit;
  const { rows, tokens } = work;
  const value = rowMs * rows + tokenMs * tokens;
  const [rowVariance, both, tokenVariance] = covariance;
  const ofFit = noise * (rowVariance * rows ** 2 + 2 * both * rows * tokens + tokenVariance * tokens ** 2);
  const reach = student975(freedom) * Math.sqrt(Math.max(0, ofFit) + noise * value);
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

type Coefficients = Pick<Fit, "rowMs" | "tokenMs" | "covariance">;

/** After 12 rounds, the weights and the fitted values no longer change in their leading digits. */
const ROUNDS = 12;

/**
 * Fits both values by iteratively reweighted least squares; null when they cannot be separated, or when one would be
 * negative.
 */
function fitBoth(measured: readonly TimedWork[]): Coefficients | null {
  let coefficients: Coefficients | null = fitOne(measured, "tokens");
  for (let round = 0; round < ROUNDS && coefficients !== null; round += 1) {
    coefficients = reweightedFit(measured, coefficients);
  }
  return coefficients;
}

/** Computes one round of least squares, with weights from the fit of the previous round. */
function reweightedFit(measured: readonly TimedWork[], before: Coefficients): Coefficients | null {
  let [rr, rt, tt, r, t] = [0, 0, 0, 0, 0];
  for (const work of measured) {
    const { ms, rows, tokens } = work;
    const weight = 1 / fittedMs(before, work);
    rr += weight * rows ** 2;
    rt += weight * rows * tokens;
    tt += weight * tokens ** 2;
    r += weight * rows * ms;
    t += weight * tokens * ms;
  }
  const determinant = rr * tt - rt ** 2;
  // When all rows have the same length, the time per row and the time per token cannot be separated.
  if (determinant <= 1e-6 * rr * tt) return null;
  const rowMs = (tt * r - rt * t) / determinant;
  const tokenMs = (rr * t - rt * r) / determinant;
  if (rowMs < 0 || tokenMs < 0) return null;
  return { rowMs, tokenMs, covariance: [tt / determinant, -rt / determinant, rr / determinant] };
}

/** Fits one value alone: the sum of the times divided by the sum of the rows or tokens. */
function fitOne(measured: readonly TimedWork[], by: "rows" | "tokens"): Coefficients {
  const amount = measured.reduce((sum, work) => sum + work[by], 0);
  const each = measured.reduce((sum, { ms }) => sum + ms, 0) / amount;
  const variance = each / amount;
  return by === "rows"
    ? { rowMs: each, tokenMs: 0, covariance: [variance, 0, 0] }
    : { rowMs: 0, tokenMs: each, covariance: [0, 0, variance] };
}

function fittedMs({ rowMs, tokenMs }: Coefficients, { rows, tokens }: TimedWork): number {
  return rowMs * rows + tokenMs * tokens;
}

function noiseOf(
  measured: readonly TimedWork[],
  coefficients: Coefficients,
  fittedNumbers: number,
): Pick<Fit, "noise" | "freedom"> {
  const freedom = Math.max(1, measured.length - fittedNumbers);
  const sum = measured.reduce((total, work) => {
    const ms = fittedMs(coefficients, work);
    return total + (work.ms - ms) ** 2 / ms;
  }, 0);
  return { noise: sum / freedom, freedom };
}

/**
 * Computes the quantile of Student's t distribution at 0.975: exact for 1 and 2 degrees of freedom, then by Abramowitz
 * and Stegun 26.7.5 (error below 0.01 from 3 on).
 */
function student975(freedom: number): number {
  if (freedom === 1) return 12.706;
  if (freedom === 2) return 4.303;
  const z = 1.959964;
  const n = freedom;
  return (
    z +
    (z ** 3 + z) / (4 * n) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3)
  );
}
