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
  /** Degrees of freedom: the number of measurements minus the number of fitted values, at least 1, and those of a known spread. */
  readonly freedom: number;
}

/** How far repeated measurements are apart: the sum of their squared deviations (ms²) per ms, and its degrees of freedom. */
export interface RepeatedSpread {
  readonly sum: number;
  readonly freedom: number;
}

/** The spread of measurements that repeat nothing. */
const UNKNOWN_SPREAD: RepeatedSpread = { sum: 0, freedom: 0 };
/** With fewer degrees of freedom, the spread of the measurements alone gives intervals without use: 12.7 standard errors with 1. */
const ENOUGH_FREEDOM = 5;

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
 * be, it is set to 0 and the other is fitted alone. `others` is the spread of measurements at other settings, which is used too when
 * there are few measurements. Throws an Error without measurements.
 */
export function fitRowTime(measured: readonly TimedWork[], others: RepeatedSpread = UNKNOWN_SPREAD): Fit {
  if (measured.length === 0) throw new Error("fitRowTime needs at least one measurement");
  const both = fitBoth(measured);
  if (both !== null) return { ...both, ...noiseOf(measured, both, 2, others) };
  const byTokens = fitOne(measured, "tokens");
  const byRows = fitOne(measured, "rows");
  const tokensFit = { ...byTokens, ...noiseOf(measured, byTokens, 1, others) };
  const rowsFit = { ...byRows, ...noiseOf(measured, byRows, 1, others) };
  return tokensFit.noise <= rowsFit.noise ? tokensFit : rowsFit;
}

/** Adds up the spread within groups of intervals, each of which measured one setting; deviations are from the speed of the group. */
export function spreadWithin(groups: readonly (readonly TimedWork[])[]): RepeatedSpread {
  const spreads = groups.map((measured) => ({
    sum: deviationOf(measured, fitOne(measured, "tokens")),
    freedom: measured.length - 1,
  }));
  return spreads.reduce(
    (total, { sum, freedom }) => ({ sum: total.sum + sum, freedom: total.freedom + freedom }),
    UNKNOWN_SPREAD,
  );
}

/**
 * Forecasts the time of an amount of work. The 95 % interval follows from the spread of the measurements; as a time is positive, its
 * lower end is as far below the value, as a ratio, as its upper end is above.
 */
export function forecastWork(fit: Fit, work: { readonly rows: number; readonly tokens: number }): IntervalEstimate {
  const { rowMs, tokenMs, covariance, noise, freedom } = fit;
  const { rows, tokens } = work;
  const value = rowMs * rows + tokenMs * tokens;
  const [rowVariance, both, tokenVariance] = covariance;
  const ofFit = noise * (rowVariance * rows ** 2 + 2 * both * rows * tokens + tokenVariance * tokens ** 2);
  const reach = student975(freedom) * Math.sqrt(Math.max(0, ofFit) + noise * value);
  return { value, low: value === 0 ? 0 : value ** 2 / (value + reach), high: value + reach };
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
  others: RepeatedSpread,
): Pick<Fit, "noise" | "freedom"> {
  const own = { sum: deviationOf(measured, coefficients), freedom: Math.max(1, measured.length - fittedNumbers) };
  const more = own.freedom < ENOUGH_FREEDOM ? others : UNKNOWN_SPREAD;
  const freedom = own.freedom + more.freedom;
  return { noise: (own.sum + more.sum) / freedom, freedom };
}

/** Adds up the squared deviations (ms²) from the fitted times, each per ms of the fitted time. */
function deviationOf(measured: readonly TimedWork[], coefficients: Coefficients): number {
  return measured.reduce((total, work) => {
    const ms = fittedMs(coefficients, work);
    return total + (work.ms - ms) ** 2 / ms;
  }, 0);
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
