import { retryDelay } from "./backoff.ts";
import type { Group, PendingTask } from "./pending.ts";
import type { FailureClass, Outcome, RetryPolicy } from "./types.ts";

type End = Extract<Outcome<unknown>, { ok: false }>["end"];

/** The decision about the tasks of a failed request: some are sent again, in fixed groups, and the others have ended. */
export interface RetryDecision<T> {
  readonly again: readonly Group<T>[];
  readonly ended: readonly PendingTask<T>[];
  readonly end: End;
  /** Time from now for which the groups wait, in ms. */
  readonly delayMs: number;
}

/** Decides which tasks of a failed request are sent again, and when. `answered` is the number of tasks answered so far. */
export function decideRetry<T>(
  group: Group<T>,
  failure: FailureClass,
  policy: RetryPolicy,
  random: () => number,
  answered: number,
): RetryDecision<T> {
  switch (failure.kind) {
    case "split":
      return group.entries.length > 1 ? goAgain(halves(group), 0) : ended(group, "refused");
    case "final":
      return ended(group, "refused");
    case "engine-lost":
      return afterLoss(group, policy);
    case "retry":
      return afterRetryable(group, failure, policy, random, answered);
    default:
      return failure satisfies never;
  }
}

function afterRetryable<T>(
  group: Group<T>,
  failure: Extract<FailureClass, { kind: "retry" }>,
  policy: RetryPolicy,
  random: () => number,
  answered: number,
): RetryDecision<T> {
  const failures = group.failures + 1;
  const failed = { ...group, failures, answeredBefore: group.failures === 0 ? answered : group.answeredBefore };
  const delayMs = retryDelay(failures, failure.afterMs, policy, random);
  const suspect = failure.blame === "batch" || failure.blame === "either";
  if (suspect && group.entries.length > 1) {
    // Each half starts with one failure, so each further bisection needs only one failed attempt. Tasks in the same group
    // as a harmful task therefore still have attempts left when that task is alone.
    return goAgain(failures < 2 ? [failed] : halves({ ...failed, failures: 1 }), delayMs);
  }
  // While no task of the whole schedule is answered, a failure is no evidence against these tasks, so they get more attempts.
  const limit = answered === failed.answeredBefore ? policy.stormAttempts : policy.attempts;
  if (failures < limit) return goAgain([failed], delayMs);
  const deadly = failure.blame === "engine" || failure.blame === "either";
  return deadly && !group.alone ? goAgain(singly(failed, group.entries), delayMs) : ended(group, "gave-up");
}

/**
 * Decides about tasks that were in flight when their engine was lost. A task that was in flight at every loss may be the cause,
 * but so may the tasks that were in flight with it. Therefore each of them is sent alone in its last attempt: then only the
 * harmful task ends without an answer, and it stops the engine only once more.
 */
function afterLoss<T>(group: Group<T>, policy: RetryPolicy): RetryDecision<T> {
  const over = group.entries.filter((entry) => entry.losses >= policy.losses);
  const last = group.entries.filter((entry) => entry.losses === policy.losses - 1);
  const rest = group.entries.filter((entry) => entry.losses < policy.losses - 1);
  const again = singly(group, last);
  if (rest.length > 0) again.push({ ...group, entries: rest, alone: false });
  return { again, ended: over, end: "gave-up", delayMs: 0 };
}

function singly<T>(group: Group<T>, entries: readonly PendingTask<T>[]): Group<T>[] {
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
