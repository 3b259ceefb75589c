/** Work that was finished in a stretch of time, the engine full. */
export interface Stretch {
  readonly ms: number;
  readonly rows: number;
  readonly tokens: number;
}

/** Time of the engine for rows: rowMs for each, tokenMs for each token, as fitted. */
export interface Fit {
  readonly rowMs: number;
  readonly tokenMs: number;
  /** Covariance of both, ms². */
  readonly covariance: readonly [rows: number, both: number, tokens: number];
  /** Variance (ms²) of a stretch for each ms that it lasts. */
  readonly noise: number;
  /** Stretches less numbers fitted. */
  readonly freedom: number;
}

/** A time in ms with the ends of its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Fits ms = rowMs * rows + tokenMs * tokens to stretches by least squares, each weighted by the inverse of its ms, since the
 * noise of a longer one is larger. Neither number is negative: where it would be, it is 0 and the other alone is fitted.
 * Throws an Error when there are no stretches.
 */
export function fitRowTime(stretches: readonly Stretch[]): Fit {
  if (stretches.length === 0) throw new Error("fitRowTime needs at least one stretch");
  const both = solve(stretches);
  if (both !== null && both.rowMs >= 0 && both.tokenMs >= 0) return { ...both, ...noiseOf(stretches, both, 2) };
  const [byTokens, byRows] = [single(stretches, "tokens"), single(stretches, "rows")];
  return noiseOf(stretches, byTokens, 1).noise <= noiseOf(stretches, byRows, 1).noise
    ? { ...byTokens, ...noiseOf(stretches, byTokens, 1) }
    : { ...byRows, ...noiseOf(stretches, byRows, 1) };
}

/** Foretells the time of an amount of work, with the 95 % interval that the spread of the stretches gives. */
export function foretell(fit: Fit, work: { readonly rows: number; readonly tokens: number }): Estimate {
  const { rowMs, tokenMs, covariance, noise, freedom } = fit;
  const { rows, tokens } = work;
  const value = rowMs * rows + tokenMs * tokens;
  const ofFit = noise * (covariance[0] * rows ** 2 + 2 * covariance[1] * rows * tokens + covariance[2] * tokens ** 2);
  const reach = student975(freedom) * Math.sqrt(Math.max(0, ofFit) + noise * value);
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

type Numbers = Pick<Fit, "rowMs" | "tokenMs" | "covariance">;

function solve(stretches: readonly Stretch[]): Numbers | null {
  let [rr, rt, tt, r, t] = [0, 0, 0, 0, 0];
  for (const { ms, rows, tokens } of stretches) {
    rr += rows ** 2 / ms;
    rt += (rows * tokens) / ms;
    tt += tokens ** 2 / ms;
    r += rows;
    t += tokens;
  }
  const determinant = rr * tt - rt ** 2;
  // Rows all of one length: what is spent on a row and what on its tokens cannot be told apart.
  if (determinant <= 1e-6 * rr * tt) return null;
  const covariance = [tt / determinant, -rt / determinant, rr / determinant] as const;
  return { rowMs: (tt * r - rt * t) / determinant, tokenMs: (rr * t - rt * r) / determinant, covariance };
}

function single(stretches: readonly Stretch[], by: "rows" | "tokens"): Numbers {
  const squares = stretches.reduce((sum, stretch) => sum + stretch[by] ** 2 / stretch.ms, 0);
  const all = stretches.reduce((sum, stretch) => sum + stretch[by], 0);
  return by === "rows"
    ? { rowMs: all / squares, tokenMs: 0, covariance: [1 / squares, 0, 0] }
    : { rowMs: 0, tokenMs: all / squares, covariance: [0, 0, 1 / squares] };
}

function noiseOf(stretches: readonly Stretch[], numbers: Numbers, fitted: number): Pick<Fit, "noise" | "freedom"> {
  const freedom = Math.max(1, stretches.length - fitted);
  const sum = stretches.reduce((total, { ms, rows, tokens }) => {
    const error = ms - numbers.rowMs * rows - numbers.tokenMs * tokens;
    return total + error ** 2 / ms;
  }, 0);
  return { noise: sum / freedom, freedom };
}

/** Quantile of Student's t at 0.975: exact for 1 and 2, then Abramowitz and Stegun 26.7.5 (error below 0.01 from 3 on). */
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
