import { nextBatchSize } from "./batch-size.ts";

/** A task in memory. */
export interface Entry<T> {
  readonly task: T;
  /** Requests that it was part of. */
  attempts: number;
  /** How often its engine was lost while it was in flight. */
  losses: number;
}

/** Tasks that go out in one request. Once formed it only ever gets smaller, so that blame stays where it belongs. */
export interface Group<T> {
  readonly entries: readonly Entry<T>[];
  /** Failures that count against these tasks. */
  readonly failures: number;
  /** How many tasks had been answered at the first of them. */
  readonly answeredBefore: number;
  /** Goes out when nothing else is in flight on the lane. */
  readonly alone: boolean;
}

/** What a lane with a free slot may take. */
export interface Offer {
  /** Monotonic ms. */
  readonly now: number;
  readonly batchSize: number;
  /** Over all lanes. */
  readonly slots: number;
  /** Nothing is in flight on the lane. */
  readonly idle: boolean;
  /** No further task is coming for now: a partial batch may go. */
  readonly partial: boolean;
  /** No further task is coming at all. */
  readonly ended: boolean;
}

/** The tasks that wait for a request. */
export interface Pending<T> {
  readonly fresh: Entry<T>[];
  readonly again: { readonly group: Group<T>; notBefore: number }[];
}

/** Makes an empty pool. */
export function createPending<T>(): Pending<T> {
  return { fresh: [], again: [] };
}

/** Takes the tasks of the next request out of the pool: a last chance first, then retries that are due, then fresh ones. */
export function take<T>(pool: Pending<T>, offer: Offer): Group<T> | undefined {
  const alone = pool.again.findIndex(({ group, notBefore }) => group.alone && notBefore <= offer.now);
  // While someone waits to be alone nothing else starts, or no lane would ever be empty.
  if (alone >= 0) return offer.idle ? pool.again.splice(alone, 1)[0]?.group : undefined;
  return takeAgain(pool, offer) ?? takeFresh(pool, offer);
}

/** Puts groups back, to go out no earlier than notBefore (monotonic ms). */
export function putBack<T>(pool: Pending<T>, groups: readonly Group<T>[], notBefore: number): void {
  for (const group of groups) pool.again.push({ group, notBefore });
}

/** Makes every retry due now. */
export function retryAllNow<T>(pool: Pending<T>): void {
  for (const waiting of pool.again) waiting.notBefore = Number.NEGATIVE_INFINITY;
}

/** Takes everything out. */
export function drain<T>(pool: Pending<T>): Entry<T>[] {
  return [...pool.again.splice(0).flatMap(({ group }) => group.entries), ...pool.fresh.splice(0)];
}

/** Finds when the next retry becomes due after now (monotonic ms); Infinity when none waits. */
export function nextDue<T>(pool: Pending<T>, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { notBefore } of pool.again) if (notBefore > now && notBefore < next) next = notBefore;
  return next;
}

function takeAgain<T>(pool: Pending<T>, offer: Offer): Group<T> | undefined {
  const index = pool.again.findIndex(({ notBefore }) => notBefore <= offer.now);
  const found = pool.again[index];
  if (found === undefined) return undefined;
  const { group, notBefore } = found;
  const size = Math.max(1, Math.floor(offer.batchSize));
  if (group.entries.length <= size) {
    pool.again.splice(index, 1);
    return group;
  }
  // The batch size fell since the group was formed.
  pool.again[index] = { group: { ...group, entries: group.entries.slice(size) }, notBefore };
  return { ...group, entries: group.entries.slice(0, size) };
}

function takeFresh<T>(pool: Pending<T>, offer: Offer): Group<T> | undefined {
  const ready = pool.fresh.length;
  const size = nextBatchSize({ ...offer, ready });
  if (ready === 0 || (ready < size && !offer.partial && !offer.ended)) return undefined;
  return { entries: pool.fresh.splice(0, size), failures: 0, answeredBefore: 0, alone: false };
}
