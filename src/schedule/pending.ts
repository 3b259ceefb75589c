/** A task that was pulled and has not ended. */
export interface PendingTask<T> {
  readonly task: T;
  /** Number of requests that the task was part of. */
  attempts: number;
  /** How often the engine was lost while the task was in flight. */
  losses: number;
}

/** Tasks that are sent in one request. Tasks are never added to a group, so `failures` holds for every task in it. */
export interface Group<T> {
  readonly entries: readonly PendingTask<T>[];
  /** Number of failures that count against these tasks. */
  readonly failures: number;
  /** Number of tasks of the whole schedule that were already answered at the first of these failures. */
  readonly answeredBefore: number;
  /** Whether the group is sent only while its worker has no other request in flight. */
  readonly alone: boolean;
}

/** The conditions under which the next request of a worker takes tasks. */
export interface Demand {
  /** The present time, monotonic ms. */
  readonly now: number;
  readonly batchSize: number;
  /** Requests that may be in flight at once, over all workers. */
  readonly requests: number;
  /** Whether the worker has no request in flight. */
  readonly idle: boolean;
  /** Whether a partial batch may be sent, because no further task is expected soon. */
  readonly partial: boolean;
  /** Whether the source has no further task at all. */
  readonly ended: boolean;
}

/** The tasks that wait for a request. */
export interface Pending<T> {
  readonly fresh: PendingTask<T>[];
  readonly again: { readonly group: Group<T>; notBefore: number }[];
}

/** Makes an empty queue. */
export function createPending<T>(): Pending<T> {
  return { fresh: [], again: [] };
}

/** Takes the tasks of the next request: first a group that must be alone, then retries that are due, then fresh tasks. */
export function take<T>(pending: Pending<T>, demand: Demand): Group<T> | undefined {
  const alone = pending.again.findIndex(({ group, notBefore }) => group.alone && notBefore <= demand.now);
  // While a group waits to be sent alone, no other request starts, because otherwise no worker would ever be idle.
  if (alone >= 0) return demand.idle ? pending.again.splice(alone, 1)[0]?.group : undefined;
  return takeAgain(pending, demand) ?? takeFresh(pending, demand);
}

/** Puts groups back into the queue. They are sent no earlier than notBefore (monotonic ms). */
export function putBack<T>(pending: Pending<T>, groups: readonly Group<T>[], notBefore: number): void {
  for (const group of groups) pending.again.push({ group, notBefore });
}

/** Makes every retry due now. */
export function retryAllNow<T>(pending: Pending<T>): void {
  for (const waiting of pending.again) waiting.notBefore = Number.NEGATIVE_INFINITY;
}

/** Removes all tasks from the queue and returns them. */
export function drain<T>(pending: Pending<T>): PendingTask<T>[] {
  return [...pending.again.splice(0).flatMap(({ group }) => group.entries), ...pending.fresh.splice(0)];
}

/** Finds when the next retry becomes due after now (monotonic ms); Infinity when none waits. */
export function nextDue<T>(pending: Pending<T>, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { notBefore } of pending.again) if (notBefore > now && notBefore < next) next = notBefore;
  return next;
}

function takeAgain<T>(pending: Pending<T>, demand: Demand): Group<T> | undefined {
  const index = pending.again.findIndex(({ notBefore }) => notBefore <= demand.now);
  const found = pending.again[index];
  if (found === undefined) return undefined;
  const { group, notBefore } = found;
  const size = Math.max(1, Math.floor(demand.batchSize));
  if (group.entries.length <= size) {
    pending.again.splice(index, 1);
    return group;
  }
  // The batch size has become smaller since the group was formed, so only a part of the group is sent now.
  pending.again[index] = { group: { ...group, entries: group.entries.slice(size) }, notBefore };
  return { ...group, entries: group.entries.slice(0, size) };
}

function takeFresh<T>(pending: Pending<T>, demand: Demand): Group<T> | undefined {
  const ready = pending.fresh.length;
  const size = nextBatchSize({ ...demand, ready });
  if (ready === 0 || (ready < size && !demand.partial && !demand.ended)) return undefined;
  return { entries: pending.fresh.splice(0, size), failures: 0, answeredBefore: 0, alone: false };
}

/**
 * Computes how many tasks the next request takes. While more tasks may come, it takes the full batch size. Once the source has
 * ended, it takes an equal share of the tasks that are ready (guided self-scheduling), so that the requests become smaller and
 * all workers end at about the same time.
 */
export function nextBatchSize(state: {
  readonly batchSize: number;
  /** Number of tasks that wait. */
  readonly ready: number;
  readonly ended: boolean;
  /** Requests that may be in flight at once, over all workers. */
  readonly requests: number;
}): number {
  const full = Math.max(1, Math.floor(state.batchSize));
  if (!state.ended) return full;
  return Math.min(full, Math.max(1, Math.ceil(state.ready / Math.max(1, state.requests))));
}
