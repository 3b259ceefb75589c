/** Wall time in which nothing that succeeded was running, because of failures, a dead engine or a stall. */
export interface Losses {
  /** Number of separate losses. */
  readonly count: number;
  readonly totalMs: number;
  /** Sum of their squares, ms². */
  readonly squares: number;
}

/** What is still to be lost: mean and variance, ms. */
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

/**
 * Foresees the time lost during the next `aheadMs`, as a compound Poisson process: losses keep coming at the rate seen so
 * far, with the lengths seen so far. The rate has a gamma prior of shape 0 that counts as `priorMs` without any loss, so
 * that one bad minute at the start of a long job does not foretell fifty: rate = count / (elapsed + prior). Mean and
 * variance: rate · ahead · mean length, rate · ahead · mean square of length (Ross, Introduction to Probability Models,
 * 11th ed. 2014, section 5.4.2), the latter plus that of the gamma posterior's rate.
 */
export function foreseeLosses(losses: Losses, elapsedMs: number, aheadMs: number, priorMs: number): LossForecast {
  if (losses.count === 0) return { mean: 0, variance: 0 };
  const exposure = Math.max(elapsedMs, 0) + priorMs;
  const expectedCount = (losses.count * aheadMs) / exposure;
  const meanLength = losses.totalMs / losses.count;
  const meanSquare = losses.squares / losses.count;
  const rateVariance = losses.count * (aheadMs / exposure) ** 2;
  return { mean: expectedCount * meanLength, variance: expectedCount * meanSquare + rateVariance * meanLength ** 2 };
}
