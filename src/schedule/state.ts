import PQueue from "p-queue";
import { HEALTHY, type Health } from "./health.ts";
import { createPending, type Group, type Pending } from "./pending.ts";
import type { ScheduleOptions, Summary, Worker } from "./types.ts";

/** Everything that changes while a schedule runs. */
export interface State<T, R> {
  readonly options: ScheduleOptions<T, R>;
  readonly workers: readonly WorkerState<T, R>[];
  readonly pending: Pending<T>;
  readonly source: { readonly iterator: AsyncIterator<T>; pulling: boolean; ended: boolean; pullingSince: number };
  /**
   * Aborts with the caller's signal, and when the schedule ends for another reason. `recover` gets the signal of this
   * controller.
   */
  readonly scope: AbortController;
  /** Dispatches everything that can start now. */
  readonly wake: () => void;
  /** Number of pulled tasks without an outcome. */
  unsettled: number;
  finished: number;
  failed: number;
  aborted: number;
  /** Set once no further request may start. */
  end: Summary["end"] | undefined;
  /** An error caused by a bug or by the task source; it is thrown after everything has settled. */
  error: { readonly cause: unknown } | undefined;
}

export interface WorkerState<T, R> {
  readonly options: Worker<T, R>;
  /** Limits the requests in flight. Its concurrency is set to the worker's limit before each request. */
  readonly queue: PQueue;
  readonly inFlight: Set<InFlightRequest<T>>;
  status: "up" | "lost" | "recovering" | "gone";
  /** The recovery that was started last; it never rejects. */
  recovery: Promise<void>;
  /** Stops listening for the end of the engine. */
  unwatch: () => void;
  health: Health;
  /** No request in flight reaches its time limit before this moment (monotonic ms). */
  nextExpiry: number;
  /** No request starts before this moment (monotonic ms). */
  pausedUntil: number;
}

/** A request in flight. */
export interface InFlightRequest<T> {
  readonly group: Group<T>;
  readonly tasks: readonly T[];
  readonly controller: AbortController;
  readonly startedAt: number;
  /** When its time limit began: when it was sent, or when the last request before it was answered. */
  limitSince: number;
  expiresAt: number;
  readonly inFlight: number;
  readonly concurrency: number;
  /** Why the scheduler aborted the request; undefined while the request is not aborted. */
  abortedFor: "timeout" | "engine-lost" | "end" | undefined;
}

/** Makes the state of a schedule that has not begun. */
export function createScheduleState<T, R>(options: ScheduleOptions<T, R>, wake: () => void): State<T, R> {
  return {
    options,
    workers: options.workers.map((worker) => createWorkerState(worker, wake)),
    pending: createPending(),
    source: { iterator: options.tasks[Symbol.asyncIterator](), pulling: false, ended: false, pullingSince: 0 },
    scope: new AbortController(),
    wake,
    unsettled: 0,
    finished: 0,
    failed: 0,
    aborted: 0,
    end: undefined,
    error: undefined,
  };
}

/**
 * Ends the schedule early: no further request starts, and requests in flight are aborted. A later call does not change the
 * reason.
 */
export function endEarly<T, R>(state: State<T, R>, end: Summary["end"], reason: unknown): void {
  if (state.end !== undefined) return;
  state.end = end;
  for (const worker of state.workers) for (const request of worker.inFlight) abort(request, "end", reason);
  state.scope.abort(reason);
}

/** Ends the schedule because of an error, which `schedule` throws at its end. */
export function fail<T, R>(state: State<T, R>, error: unknown): void {
  state.error ??= { cause: error };
  endEarly(state, "aborted", error);
}

/** Aborts a request and stores why the scheduler did so. A later call does not change the stored reason. */
export function abort<T>(
  request: InFlightRequest<T>,
  abortedFor: NonNullable<InFlightRequest<T>["abortedFor"]>,
  reason: unknown,
): void {
  request.abortedFor ??= abortedFor;
  request.controller.abort(reason);
}

function createWorkerState<T, R>(options: Worker<T, R>, wake: () => void): WorkerState<T, R> {
  const queue = new PQueue({ concurrency: 1 });
  queue.on("next", wake);
  return {
    options,
    queue,
    inFlight: new Set(),
    status: "up",
    recovery: Promise.resolve(),
    unwatch: () => {},
    health: HEALTHY,
    nextExpiry: Number.POSITIVE_INFINITY,
    pausedUntil: 0,
  };
}
