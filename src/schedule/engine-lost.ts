import { settleOrAbandon } from "./abandon.ts";
import { HEALTHY } from "./health.ts";
import { cut, fail, type State, type WorkerState } from "./state.ts";

/** Stops using an engine that is lost: what it has in flight comes back. */
export function markEngineLost<T, R>(lane: WorkerState<T, R>, reason: unknown): void {
  if (lane.status !== "up") return;
  lane.status = "lost";
  for (const flight of lane.flights) cut(flight, "lost", reason);
}

/**
 * Loses the lane as soon as its engine says that it has ended. One listener serves all requests: in Node 20 each
 * AbortSignal.any with a signal that lives on costs a kilobyte for good.
 */
export function watchEngine<T, R>(state: State<T, R>, lane: WorkerState<T, R>): void {
  const died = lane.lane.died?.();
  if (died === undefined) return;
  const onDeath = (): void => {
    markEngineLost(lane, died.reason);
    state.wake();
  };
  lane.unwatch();
  lane.unwatch = () => died.removeEventListener("abort", onDeath);
  if (died.aborted) markEngineLost(lane, died.reason);
  else died.addEventListener("abort", onDeath, { once: true });
}

/** Asks for a lost engine back once nothing of it is in flight; until it is back the lane takes nothing. */
export function recoverEngine<T, R>(state: State<T, R>, lane: WorkerState<T, R>): void {
  if (lane.status !== "lost" || lane.flights.size > 0) return;
  lane.status = "recovering";
  lane.recovery = recovered(state, lane).then(
    (back) => {
      lane.status = back ? "up" : "gone";
      lane.health = HEALTHY;
      lane.pausedUntil = 0;
      if (back) watchEngine(state, lane);
      state.wake();
    },
    (error: unknown) => {
      if (!state.scope.signal.aborted) fail(state, error);
      state.wake();
    },
  );
}

async function recovered<T, R>(state: State<T, R>, { lane }: WorkerState<T, R>): Promise<boolean> {
  if (lane.recover === undefined) return false;
  const { signal } = state.scope;
  const { clock, graceMs = 1_000 } = state.options;
  return settleOrAbandon(lane.recover(signal), signal, clock, graceMs);
}
