import { retryDelay } from "./backoff.ts";
import type { Entry, Group } from "./pool.ts";
import type { Outcome, RetryPolicy, Verdict } from "./types.ts";

export type End = Extract<Outcome<unknown>, { ok: false }>["end"];

/** What becomes of the tasks of a failed request: some go out again, in fixed groups, and some have ended. */
export interface Fate<T> {
  readonly again: readonly Group<T>[];
  readonly ended: readonly Entry<T>[];
  readonly end: End;
  /** How long from now the groups wait, in ms. */
  readonly delayMs: number;
}

/** Decides what becomes of the tasks of a request that failed with this verdict. */
export function decideFate<T>(group: Group<T>, verdict: Verdict, policy: RetryPolicy, random: () => number): Fate<T> {
  switch (verdict.kind) {
    case "split":
      return group.entries.length > 1 ? goAgain(halves(group.entries, group.failures), 0) : ended(group, "refused");
    case "final":
      return ended(group, "refused");
    case "engine-lost":
      return afterLoss(group, policy);
    case "retry":
      return afterRetryable(group, verdict, policy, random);
    default:
      return verdict satisfies never;
  }
}

function afterRetryable<T>(
  group: Group<T>,
  verdict: Extract<Verdict, { kind: "retry" }>,
  policy: RetryPolicy,
  random: () => number,
): Fate<T> {
  const failures = group.failures + 1;
  const delayMs = retryDelay(failures, verdict.afterMs, policy, random);
  const suspect = verdict.blame === "batch" || verdict.blame === "either";
  if (suspect && group.entries.length > 1) {
    // Halves start with one failure, so that each level of the bisection costs one try, and neighbours of a
    // poison row never run out of attempts before it is alone.
    return failures < 2
      ? goAgain([{ entries: group.entries, failures, alone: false }], delayMs)
      : goAgain(halves(group.entries, 1), delayMs);
  }
  if (failures >= policy.attempts) return ended(group, "gave-up");
  const deadly = verdict.blame === "engine" || verdict.blame === "either";
  if (deadly && failures === policy.attempts - 1) return goAgain(singly(group.entries, failures), delayMs);
  return goAgain([{ entries: group.entries, failures, alone: group.alone }], delayMs);
}

/**
 * A task that is in flight at every loss may be the cause. It cannot be told from its neighbours in flight, so before
 * its last chance each of them is sent alone: only the cause is lost then, and the engine dies once for it, not for ever.
 */
function afterLoss<T>(group: Group<T>, policy: RetryPolicy): Fate<T> {
  const over = group.entries.filter((entry) => entry.losses >= policy.losses);
  const last = group.entries.filter((entry) => entry.losses === policy.losses - 1);
  const rest = group.entries.filter((entry) => entry.losses < policy.losses - 1);
  const again = singly(last, group.failures);
  if (rest.length > 0) again.push({ entries: rest, failures: group.failures, alone: false });
  return { again, ended: over, end: "gave-up", delayMs: 0 };
}

function singly<T>(entries: readonly Entry<T>[], failures: number): Group<T>[] {
  return entries.map((entry) => ({ entries: [entry], failures, alone: true }));
}

function halves<T>(entries: readonly Entry<T>[], failures: number): Group<T>[] {
  const middle = Math.ceil(entries.length / 2);
  return [entries.slice(0, middle), entries.slice(middle)].map((half) => ({ entries: half, failures, alone: false }));
}

function goAgain<T>(again: readonly Group<T>[], delayMs: number): Fate<T> {
  return { again, ended: [], end: "gave-up", delayMs };
}

function ended<T>(group: Group<T>, end: End): Fate<T> {
  return { again: [], ended: group.entries, end, delayMs: 0 };
}
