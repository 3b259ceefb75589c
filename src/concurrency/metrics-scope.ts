/**
 * Whether the metrics of a server count all prompts that it answers. Behind a router they are those of one worker: its key-value cache,
 * queue and preemptions say nothing of the others, so they must not limit what is sent to all of them. The number of running requests
 * proves nothing, because requests for one token have often finished when vLLM counts; the counter of prompt tokens does.
 */
export interface MetricsScope {
  /** unknown: too few prompts were answered to tell. */
  readonly kind: "unknown" | "whole" | "part";
  /** The poll from which prompts are counted; null before the first poll. */
  readonly since: PollCounts | null;
}

/** The counters at a poll. */
export interface PollCounts {
  /** Prompt tokens that the server has counted since its start; null when it does not. */
  readonly counted: number | null;
  /** Prompt tokens that were answered so far, and those in flight now. */
  readonly answered: number;
  readonly inFlight: number;
}

export const UNKNOWN_SCOPE: MetricsScope = { kind: "unknown", since: null };

/** So many times the tokens in flight must be answered, so that those in flight at a poll hardly matter: at most an eighth. */
const ENOUGH = 8;
/** A server that counts all prompts counts at least 7/8 of those that were answered; one of two workers counts half. */
const LEAST_SHARE = 0.75;

/** Judges the metrics after a poll. Metrics that once counted only a part are never trusted again. */
export function afterCounts(scope: MetricsScope, now: PollCounts): MetricsScope {
  const { kind, since } = scope;
  if (kind === "part" || now.counted === null) return scope;
  if (since === null || since.counted === null) return { kind, since: now };
  const answered = now.answered - since.answered;
  const counted = now.counted - since.counted;
  // The counter begins anew when the server starts again, and another worker behind a router has another counter.
  if (counted < 0) return { kind: "unknown", since: now };
  if (answered <= 0 || answered < ENOUGH * Math.max(since.inFlight, now.inFlight)) return scope;
  return counted < LEAST_SHARE * answered ? { kind: "part", since } : { kind: "whole", since: now };
}
