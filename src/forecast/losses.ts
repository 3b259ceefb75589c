/**
 * Wall time in which no request that later succeeded was running, because requests failed or the engine was down or stalled.
 */
export interface Losses {
  /** Number of separate losses. */
  readonly count: number;
  readonly totalMs: number;
  /** Sum of the squares of the losses, ms². */
  readonly squares: number;
}

/** Time that will still be lost: mean (ms) and variance (ms²). */
export interface LossForecast {
  readonly mean: number;
  readonly variance: number;
}

/** Nothing lost yet. */
export const NO_LOSSES: Losses = { count: 0, totalMs: 0, squares: 0 };

/** Adds one loss of `ms`; ignores it unless it is above 0. */
export function addLoss(losses: Losses, ms: number): Losses {
  if (ms <= 0) return losses;
  return { count: losses.count + 1, totalMs: losses.totalMs + ms, squares: losses.squares + ms * ms };
}

/** Adds the losses of two records. */
export function addLosses(one: Losses, other: Losses): Losses {
  return {
    count: one.count + other.count,
    totalMs: one.totalMs + other.totalMs,
    squares: one.squares + other.squares,
  };
}

/**
 * Forecasts the time that is lost while `aheadMs` of work are done. The losses are modelled as a compound Poisson process, with
 * the rate and the lengths that were observed during `workedMs` of work. The rate has a gamma prior of shape 0, which counts as
 * `priorMs` / count of work without a loss. Because of this prior, one lost minute at the start of a long job does not predict
 * fifty more, but five lost minutes do predict more. Mean: rate · ahead · mean length. Variance: rate · ahead · mean square of
 * length (Ross, Introduction to Probability Models, 11th ed. 2014, section 5.4.2), plus the variance that the gamma posterior
 * of the rate adds.
 */
export function forecastLosses(losses: Losses, workedMs: number, aheadMs: number, priorMs: number): LossForecast {
  if (losses.count === 0) return { mean: 0, variance: 0 };
  const exposure = Math.max(workedMs, 0) + priorMs / losses.count;
  const expectedCount = (losses.count * aheadMs) / exposure;
  const meanLength = losses.totalMs / losses.count;
  const meanSquare = losses.squares / losses.count;
  const rateVariance = losses.count * (aheadMs / exposure) ** 2;
  return { mean: expectedCount * meanLength, variance: expectedCount * meanSquare + rateVariance * meanLength ** 2 };
}
