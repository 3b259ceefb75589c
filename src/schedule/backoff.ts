import type { RetryPolicy } from "./types.ts";

/** A policy for batch jobs: patient enough for a minute of trouble, quick enough for a lost packet. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 8,
  stormAttempts: 32,
  baseMs: 500,
  capMs: 60_000,
  afterCapMs: 300_000,
  lostAfter: 3,
  losses: 3,
};

/**
 * Computes the wait before the next try in ms: exponential with full jitter, uniform in [0, min(cap, base * 2^(n-1))).
 * A server's retry-after (afterMs) is a lower bound, and one base of jitter on top keeps its clients from returning at once.
 */
export function retryDelay(
  failures: number,
  afterMs: number | undefined,
  policy: RetryPolicy,
  random: () => number,
): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.max(0, failures - 1));
  if (afterMs === undefined || !(afterMs > 0)) return random() * ceiling;
  return Math.min(afterMs, policy.afterCapMs) + random() * Math.min(ceiling, policy.baseMs);
}
