/** Wall time in which nothing that succeeded was running, because of failures, a dead engine or a stall. */
export interface Losses {
  /** Number of separate losses. */
  readonly count: number;
  readonly totalMs: number;
  /** Sum of their squares, ms². */
  readonly squares: number;
}

/** Time that will still be lost: mean (ms) and variance (ms²). */
export interface LossForecast {
  readonly mean: number;
  readonly variance: number;
}

/** Nothing lost yet. */
export const NO_LOSSES: Losses = { count: 0, totalMs: 0, squares: 0 };

/** Counts one more loss. */
export function addLoss(losses: Losses, ms: number): Losses {
  if (ms <= 0) return losses;
  return { count: losses.count + 1, totalMs: losses.totalMs + ms, squares: losses.squares + ms * ms };
}

/** Adds two tallies of losses. */
export function addLosses(one: Losses, other: Losses): Losses {
  return {
    count: one.count + other.count,
    totalMs: one.totalMs + other.totalMs,
    squares: one.squares + other.squares,
  };
}

/**
 * Forecasts the time lost while `aheadMs` of work are done, as a compound Poisson process: losses keep coming at the rate
 * observed in `workedMs` of work, with the lengths observed. The rate has a gamma prior of shape 0 that counts as `priorMs` / count of work
 * without any loss: one bad minute at the start of a long job must not predict fifty, but the fifth one must predict more.
 * Mean and variance: rate · ahead · mean length, and rate · ahead · mean square of length (Ross, Introduction to Probability
 * Models, 11th ed. 2014, section 5.4.2) plus that of the gamma posterior's rate.
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
