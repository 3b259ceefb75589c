import { retryDelay } from "./backoff.ts";
import type { Entry, Group } from "./pending.ts";
import type { FailureClass, Outcome, RetryPolicy } from "./types.ts";

type End = Extract<Outcome<unknown>, { ok: false }>["end"];

/** What becomes of the tasks of a failed request: some go out again, in fixed groups, and some have ended. */
export interface RetryDecision<T> {
  readonly again: readonly Group<T>[];
  readonly ended: readonly Entry<T>[];
  readonly end: End;
  /** How long from now the groups wait, in ms. */
  readonly delayMs: number;
}

/** Decides what becomes of the tasks of a request that failed with this verdict; `answered` counts the tasks answered so far. */
export function decideRetry<T>(
  group: Group<T>,
  verdict: FailureClass,
  policy: RetryPolicy,
  random: () => number,
  answered: number,
): RetryDecision<T> {
  switch (verdict.kind) {
    case "split":
      return group.entries.length > 1 ? goAgain(halves(group), 0) : ended(group, "refused");
    case "final":
      return ended(group, "refused");
    case "engine-lost":
      return afterLoss(group, policy);
    case "retry":
      return afterRetryable(group, verdict, policy, random, answered);
    default:
      return verdict satisfies never;
  }
}

function afterRetryable<T>(
  group: Group<T>,
  verdict: Extract<FailureClass, { kind: "retry" }>,
  policy: RetryPolicy,
  random: () => number,
  answered: number,
): RetryDecision<T> {
  const failures = group.failures + 1;
  const failed = { ...group, failures, answeredBefore: group.failures === 0 ? answered : group.answeredBefore };
  const delayMs = retryDelay(failures, verdict.afterMs, policy, random);
  const suspect = verdict.blame === "batch" || verdict.blame === "either";
  if (suspect && group.entries.length > 1) {
    // Halves start with one failure, so that each level of the bisection costs one try, and neighbours of a
    // poison row never run out of attempts before it is alone.
    return goAgain(failures < 2 ? [failed] : halves({ ...failed, failures: 1 }), delayMs);
  }
  // Failing while nobody is answered says little about these tasks.
  const limit = answered === failed.answeredBefore ? policy.stormAttempts : policy.attempts;
  if (failures < limit) return goAgain([failed], delayMs);
  const deadly = verdict.blame === "engine" || verdict.blame === "either";
  return deadly && !group.alone ? goAgain(singly(failed, group.entries), delayMs) : ended(group, "gave-up");
}

/**
 * A task that is in flight at every loss may be the cause. It cannot be told from its neighbours in flight, so before
 * its last chance each of them is sent alone: only the cause is lost then, and the engine dies once for it, not for ever.
 */
function afterLoss<T>(group: Group<T>, policy: RetryPolicy): RetryDecision<T> {
  const over = group.entries.filter((entry) => entry.losses >= policy.losses);
  const last = group.entries.filter((entry) => entry.losses === policy.losses - 1);
  const rest = group.entries.filter((entry) => entry.losses < policy.losses - 1);
  const again = singly(group, last);
  if (rest.length > 0) again.push({ ...group, entries: rest, alone: false });
  return { again, ended: over, end: "gave-up", delayMs: 0 };
}

function singly<T>(group: Group<T>, entries: readonly Entry<T>[]): Group<T>[] {
  return entries.map((entry) => ({ ...group, entries: [entry], alone: true }));
}

function halves<T>(group: Group<T>): Group<T>[] {
  const middle = Math.ceil(group.entries.length / 2);
  return [group.entries.slice(0, middle), group.entries.slice(middle)].map((entries) => ({ ...group, entries }));
}

function goAgain<T>(again: readonly Group<T>[], delayMs: number): RetryDecision<T> {
  return { again, ended: [], end: "gave-up", delayMs };
}

function ended<T>(group: Group<T>, end: End): RetryDecision<T> {
  return { again: [], ended: group.entries, end, delayMs: 0 };
}
