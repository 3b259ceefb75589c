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
 * Fits ms = rowMs * rows + tokenMs * tokens to stretches by least squares, each weighted by the inverse of what the fit itself
 * says of it, since the noise of a longer one is larger (quasi-Poisson regression with identity link: McCullagh and Nelder,
 * Generalized Linear Models, 2nd ed. 1989, chapter 9). The fitted times then add up to the measured ones, so that a stall that
 * lengthens one stretch and shortens the next does no harm. Neither number is negative: where it would be, it is 0 and the
 * other alone is fitted. Throws an Error when there are no stretches.
 */
export function fitRowTime(stretches: readonly Stretch[]): Fit {
  if (stretches.length === 0) throw new Error("fitRowTime needs at least one stretch");
  const both = solve(stretches);
  if (both !== null) return { ...both, ...noiseOf(stretches, both, 2) };
  const [byTokens, byRows] = (["tokens", "rows"] as const).map((by) => {
    const numbers = single(stretches, by);
    return { ...numbers, ...noiseOf(stretches, numbers, 1) };
  }) as [Fit, Fit];
  return byTokens.noise <= byRows.noise ? byTokens : byRows;
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

/** Weights and numbers agree to many digits after so many rounds. */
const ROUNDS = 12;

function solve(stretches: readonly Stretch[]): Numbers | null {
  let numbers: Numbers | null = { ...single(stretches, "tokens") };
  for (let round = 0; round < ROUNDS && numbers !== null; round += 1) numbers = improve(stretches, numbers);
  return numbers;
}

/** One round of least squares under the weights of the round before; null where rows and tokens cannot be told apart. */
function improve(stretches: readonly Stretch[], before: Numbers): Numbers | null {
  let [rr, rt, tt, r, t] = [0, 0, 0, 0, 0];
  for (const stretch of stretches) {
    const { ms, rows, tokens } = stretch;
    const weight = 1 / fitted(before, stretch);
    rr += weight * rows ** 2;
    rt += weight * rows * tokens;
    tt += weight * tokens ** 2;
    r += weight * rows * ms;
    t += weight * tokens * ms;
  }
  const determinant = rr * tt - rt ** 2;
  // Rows all of one length: what is spent on a row and what on its tokens cannot be told apart.
  if (determinant <= 1e-6 * rr * tt) return null;
  const [rowMs, tokenMs] = [(tt * r - rt * t) / determinant, (rr * t - rt * r) / determinant];
  if (rowMs < 0 || tokenMs < 0) return null;
  return { rowMs, tokenMs, covariance: [tt / determinant, -rt / determinant, rr / determinant] };
}

/** With one number alone, the fit is the ratio of the sums. */
function single(stretches: readonly Stretch[], by: "rows" | "tokens"): Numbers {
  const all = stretches.reduce((sum, stretch) => sum + stretch[by], 0);
  const each = stretches.reduce((sum, { ms }) => sum + ms, 0) / all;
  const variance = each / all;
  return by === "rows"
    ? { rowMs: each, tokenMs: 0, covariance: [variance, 0, 0] }
    : { rowMs: 0, tokenMs: each, covariance: [0, 0, variance] };
}

function fitted({ rowMs, tokenMs }: Numbers, { rows, tokens }: Stretch): number {
  return rowMs * rows + tokenMs * tokens;
}

function noiseOf(stretches: readonly Stretch[], numbers: Numbers, parameters: number): Pick<Fit, "noise" | "freedom"> {
  const freedom = Math.max(1, stretches.length - parameters);
  const sum = stretches.reduce((total, stretch) => {
    const ms = fitted(numbers, stretch);
    return total + (stretch.ms - ms) ** 2 / ms;
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
