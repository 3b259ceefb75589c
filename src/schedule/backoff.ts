import type { RetryPolicy } from "./types.ts";

/**
 * The retry policy for batch jobs. The waits grow from 0.5 s, which is enough for a lost packet, to 60 s, for a server that is
 * overloaded or restarts.
 */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 8,
  stormAttempts: 32,
  baseMs: 500,
  capMs: 60_000,
  afterCapMs: 60_000,
  lostAfter: 3,
  losses: 3,
};

/**
 * Computes the wait before the next attempt in ms: exponential with full jitter, uniform in [0, min(cap, base * 2^(n-1))). A
 * server's retry-after (afterMs, cut to afterCapMs) is a lower bound. Up to baseMs of jitter is added to it, so that the
 * server's clients do not all return at the same moment.
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

/** A server's retry-after can take at most this share of the time that is left. */
const AFTER_SHARE = 0.1;

/**
 * Limits the wait that a server's retry-after can ask for to a tenth of the time that is left, so that one answer with a retry-after of
 * a year does not end a short job. `leftMs` is null when nothing limits the time.
 */
export function withinTimeLeft(policy: RetryPolicy, leftMs: number | null): RetryPolicy {
  if (leftMs === null) return policy;
  return { ...policy, afterCapMs: Math.min(policy.afterCapMs, Math.max(policy.baseMs, AFTER_SHARE * leftMs)) };
}
