import { recoverEngine } from "./engine-lost.ts";
import { drain, nextDue, take } from "./pending.ts";
import { send } from "./send.ts";
import { abort, endEarly, type State, type WorkerState } from "./state.ts";
import type { TaskOutcome } from "./types.ts";

/** Sends every request that can be sent now. Returns when to dispatch again (monotonic ms), or "finished". */
export function dispatch<T, R>(state: State<T, R>): number | "finished" {
  const now = state.options.clock.monotonic();
  for (const worker of state.workers) abortExpired(worker, now);
  // This test comes before the recovery, because an engine that dies after all work is done is not needed any more.
  if (isFinished(state)) return "finished";
  if (state.end === undefined) for (const worker of state.workers) recoverEngine(state, worker);
  if (state.end === undefined && state.workers.every(({ status }) => status === "gone")) endWithoutEngine(state);
  if (state.end === undefined) {
    // `pull` comes first, because `fill` may send a partial batch or not depending on whether a task is being pulled.
    pull(state);
    fill(state, now);
  }
  return isFinished(state) ? "finished" : nextMoment(state, now);
}

function abortExpired<T, R>(worker: WorkerState<T, R>, now: number): void {
  // Checking every request in flight at each dispatch would cost more than the rest of the dispatch.
  if (worker.nextExpiry > now) return;
  worker.nextExpiry = Number.POSITIVE_INFINITY;
  for (const request of worker.inFlight) {
    if (request.abortedFor !== undefined) continue;
    if (request.expiresAt > now) {
      worker.nextExpiry = Math.min(worker.nextExpiry, request.expiresAt);
      continue;
    }
    const limit = Math.round(request.expiresAt - request.limitSince);
    abort(request, "timeout", new Error(`no answer within ${limit} ms`));
  }
}

function endWithoutEngine<T, R>(state: State<T, R>): void {
  endEarly(state, "engines-lost", new Error("no engine is left"));
  const message = "no engine was left to answer it";
  const outcomes = drain(state.pending).map(({ task, attempts }): TaskOutcome<T, R> => {
    return { task, outcome: { ok: false, end: "engine-lost", reason: "engine-lost", message, attempts } };
  });
  state.unsettled -= outcomes.length;
  state.failed += outcomes.length;
  if (outcomes.length > 0) state.options.onRequest({ attempt: null, outcomes });
}

/**
 * Sends batches until no worker takes one. Each batch goes to the worker whose requests in flight are the smallest share of its
 * limit.
 */
function fill<T, R>(state: State<T, R>, now: number): void {
  const open = state.workers.filter((worker) => hasRoom(worker, now));
  const { requests } = capacity(state);
  while (open.length > 0) {
    const worker = open.reduce((best, other) => (load(other) < load(best) ? other : best));
    const group = take(state.pending, {
      now,
      batchSize: worker.options.batchSize(),
      requests,
      idle: worker.inFlight.size === 0,
      partial: isStalled(state, now),
      ended: state.source.ended,
    });
    if (group !== undefined) send(state, worker, group, now);
    if (group === undefined || !hasRoom(worker, now)) open.splice(open.indexOf(worker), 1);
  }
}

function hasRoom<T, R>(worker: WorkerState<T, R>, now: number): boolean {
  if (worker.status !== "up" || worker.pausedUntil > now) return false;
  const limit = atLeastOne(worker.options.concurrency());
  if (worker.queue.concurrency !== limit) worker.queue.concurrency = limit;
  if (worker.queue.pending >= limit) return false;
  const [first] = worker.inFlight;
  return first?.group.alone !== true;
}

function load<T, R>(worker: WorkerState<T, R>): number {
  return worker.queue.pending / worker.queue.concurrency;
}

/**
 * Tests whether no further task is expected soon: either no pull is running, because enough tasks are in memory, or the present
 * pull has taken longer than the linger time.
 */
function isStalled<T, R>({ source, options }: State<T, R>, now: number): boolean {
  return !source.pulling || now >= source.pullingSince + (options.lingerMs ?? 20);
}

function pull<T, R>(state: State<T, R>): void {
  const { source, pending, options } = state;
  if (source.pulling || source.ended || state.unsettled >= capacity(state).tasks * 2) return;
  source.pulling = true;
  source.pullingSince = options.clock.monotonic();
  source.iterator.next().then(
    (next) => {
      source.pulling = false;
      if (next.done === true) source.ended = true;
      else {
        state.unsettled += 1;
        pending.fresh.push({ task: next.value, attempts: 0, losses: 0 });
      }
      state.wake();
    },
    (error: unknown) => {
      source.pulling = false;
      source.ended = true;
      // The tasks pulled so far are still scored; after that, `schedule` throws the error of the source.
      state.error ??= { cause: error };
      state.wake();
    },
  );
}

/** Computes how many requests, and how many tasks in them, may be in flight over all workers that are not gone. */
function capacity<T, R>(state: State<T, R>): { requests: number; tasks: number } {
  let requests = 0;
  let tasks = 0;
  for (const { options, status } of state.workers) {
    if (status === "gone") continue;
    const limit = atLeastOne(options.concurrency());
    requests += limit;
    tasks += limit * atLeastOne(options.batchSize());
  }
  return { requests, tasks };
}

function isFinished<T, R>(state: State<T, R>): boolean {
  if (state.workers.some((worker) => worker.inFlight.size > 0)) return false;
  return state.end !== undefined || (state.source.ended && state.unsettled === 0);
}

function nextMoment<T, R>(state: State<T, R>, now: number): number {
  let next = nextDue(state.pending, now);
  for (const worker of state.workers) {
    next = Math.min(next, worker.nextExpiry);
    if (worker.pausedUntil > now) next = Math.min(next, worker.pausedUntil);
  }
  const linger = state.source.pullingSince + (state.options.lingerMs ?? 20);
  if (state.source.pulling && state.pending.fresh.length > 0 && linger > now) next = Math.min(next, linger);
  return next;
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.floor(value));
}
