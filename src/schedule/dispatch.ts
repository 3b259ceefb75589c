import { recoverEngine } from "./engine-lost.ts";
import { drain, nextDue, take } from "./pending.ts";
import { send } from "./send.ts";
import { cut, endEarly, type State, type WorkerState } from "./state.ts";

/** Starts everything that can start now; returns the moment (monotonic ms) to look again, or that all has ended. */
export function dispatch<T, R>(state: State<T, R>): number | "finished" {
  const now = state.options.clock.monotonic();
  for (const lane of state.lanes) cutExpired(lane, now);
  // An engine that ends when all work is done is not missed.
  if (isFinished(state)) return "finished";
  if (state.end === undefined) for (const lane of state.lanes) recoverEngine(state, lane);
  if (state.end === undefined && state.lanes.every(({ status }) => status === "gone")) giveUp(state);
  if (state.end === undefined) {
    // In this order: a batch is only partial for good when nothing is being pulled.
    pull(state);
    fill(state, now);
  }
  return isFinished(state) ? "finished" : nextMoment(state, now);
}

function cutExpired<T, R>(lane: WorkerState<T, R>, now: number): void {
  // Looking at every flight each time would cost more than all else here.
  if (lane.nextExpiry > now) return;
  lane.nextExpiry = Number.POSITIVE_INFINITY;
  for (const flight of lane.flights) {
    if (flight.cut !== undefined) continue;
    if (flight.expiresAt > now) {
      lane.nextExpiry = Math.min(lane.nextExpiry, flight.expiresAt);
      continue;
    }
    const limit = Math.round(flight.expiresAt - flight.startedAt);
    cut(flight, "timeout", new Error(`no answer within ${limit} ms`));
  }
}

function giveUp<T, R>(state: State<T, R>): void {
  endEarly(state, "engines-lost", new Error("no engine is left"));
  for (const { task, attempts } of drain(state.pool)) {
    state.held -= 1;
    state.failed += 1;
    const message = "no engine was left to answer it";
    state.options.onOutcome(task, { ok: false, end: "engine-lost", reason: "engine-lost", message, attempts });
  }
}

/** Gives batches to the lanes, the one with the largest share of free slots first, until none takes any. */
function fill<T, R>(state: State<T, R>, now: number): void {
  const open = state.lanes.filter((lane) => hasRoom(lane, now));
  const slots = capacity(state).slots;
  while (open.length > 0) {
    const lane = open.reduce((best, other) => (load(other) < load(best) ? other : best));
    const group = take(state.pool, {
      now,
      batchSize: lane.lane.batchSize(),
      slots,
      idle: lane.flights.size === 0,
      partial: isStalled(state, now),
      ended: state.source.ended,
    });
    if (group !== undefined) send(state, lane, group, now);
    if (group === undefined || !hasRoom(lane, now)) open.splice(open.indexOf(lane), 1);
  }
}

function hasRoom<T, R>(lane: WorkerState<T, R>, now: number): boolean {
  if (lane.status !== "up" || lane.pausedUntil > now) return false;
  const limit = atLeastOne(lane.lane.concurrency());
  if (lane.queue.concurrency !== limit) lane.queue.concurrency = limit;
  if (lane.queue.pending >= limit) return false;
  const [first] = lane.flights;
  return first?.group.alone !== true;
}

function load<T, R>(lane: WorkerState<T, R>): number {
  return lane.queue.pending / lane.queue.concurrency;
}

/** The source gives nothing for now: the memory is full, or it has not given anything for a while. */
function isStalled<T, R>({ source, options }: State<T, R>, now: number): boolean {
  return !source.pulling || now >= source.pullingSince + (options.lingerMs ?? 20);
}

function pull<T, R>(state: State<T, R>): void {
  const { source, pool, options } = state;
  if (source.pulling || source.ended || state.held >= capacity(state).tasks * 2) return;
  source.pulling = true;
  source.pullingSince = options.clock.monotonic();
  source.iterator.next().then(
    (next) => {
      source.pulling = false;
      if (next.done === true) source.ended = true;
      else {
        state.held += 1;
        pool.fresh.push({ task: next.value, attempts: 0, losses: 0 });
      }
      state.wake();
    },
    (error: unknown) => {
      source.pulling = false;
      source.ended = true;
      // What was pulled is still worth its answers.
      state.error ??= { cause: error };
      state.wake();
    },
  );
}

/** What the lanes that are not gone may have in flight: requests, and tasks in them. */
function capacity<T, R>(state: State<T, R>): { slots: number; tasks: number } {
  let slots = 0;
  let tasks = 0;
  for (const { lane, status } of state.lanes) {
    if (status === "gone") continue;
    const limit = atLeastOne(lane.concurrency());
    slots += limit;
    tasks += limit * atLeastOne(lane.batchSize());
  }
  return { slots, tasks };
}

function isFinished<T, R>(state: State<T, R>): boolean {
  if (state.lanes.some((lane) => lane.flights.size > 0)) return false;
  return state.end !== undefined || (state.source.ended && state.held === 0);
}

function nextMoment<T, R>(state: State<T, R>, now: number): number {
  let next = nextDue(state.pool, now);
  for (const lane of state.lanes) {
    next = Math.min(next, lane.nextExpiry);
    if (lane.pausedUntil > now) next = Math.min(next, lane.pausedUntil);
  }
  const linger = state.source.pullingSince + (state.options.lingerMs ?? 20);
  if (state.source.pulling && state.pool.fresh.length > 0 && linger > now) next = Math.min(next, linger);
  return next;
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.floor(value));
}
