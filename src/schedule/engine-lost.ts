import { settleOrAbandon } from "./abandon.ts";
import { HEALTHY } from "./health.ts";
import { abort, fail, type State, type WorkerState } from "./state.ts";

/** Stops using an engine that is lost; its requests in flight are aborted, and their tasks are sent again. */
export function markEngineLost<T, R>(worker: WorkerState<T, R>, reason: unknown): void {
  if (worker.status !== "up") return;
  worker.status = "lost";
  for (const request of worker.inFlight) abort(request, "engine-lost", reason);
}

/**
 * Marks the engine as lost as soon as its `died` signal aborts. One listener serves all requests, because in Node 20 each
 * AbortSignal.any with a long-lived signal leaks a kilobyte.
 */
export function watchEngine<T, R>(state: State<T, R>, worker: WorkerState<T, R>): void {
  const died = worker.options.died?.();
  if (died === undefined) return;
  const onDeath = (): void => {
    markEngineLost(worker, died.reason);
    state.wake();
  };
  worker.unwatch();
  worker.unwatch = () => died.removeEventListener("abort", onDeath);
  if (died.aborted) markEngineLost(worker, died.reason);
  else died.addEventListener("abort", onDeath, { once: true });
}

/**
 * Starts the recovery of a lost engine once none of its requests is in flight. Until the engine is back, its worker sends
 * nothing.
 */
export function recoverEngine<T, R>(state: State<T, R>, worker: WorkerState<T, R>): void {
  if (worker.status !== "lost" || worker.inFlight.size > 0) return;
  worker.status = "recovering";
  worker.recovery = callRecover(state, worker).then(
    (back) => {
      worker.status = back ? "up" : "gone";
      worker.health = HEALTHY;
      worker.pausedUntil = 0;
      if (back) watchEngine(state, worker);
      state.wake();
    },
    (error: unknown) => {
      if (!state.scope.signal.aborted) fail(state, error);
      state.wake();
    },
  );
}

async function callRecover<T, R>(state: State<T, R>, { options }: WorkerState<T, R>): Promise<boolean> {
  if (options.recover === undefined) return false;
  const { signal } = state.scope;
  const { clock, graceMs = 1_000 } = state.options;
  return settleOrAbandon(options.recover(signal), signal, clock, graceMs);
}
