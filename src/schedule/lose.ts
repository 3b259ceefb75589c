import { settleOrAbandon } from "./abandon.ts";
import { HEALTHY } from "./health.ts";
import { cut, fail, type LaneState, type State } from "./state.ts";

/** Stops using an engine that is lost: what it has in flight comes back. */
export function loseLane<T, R>(lane: LaneState<T, R>): void {
  if (lane.status !== "up") return;
  lane.status = "lost";
  for (const flight of lane.flights) cut(flight, "lost", new Error(`the engine ${lane.lane.name} was lost`));
}

/** Asks for a lost engine back once nothing of it is in flight; until it is back the lane takes nothing. */
export function recoverLane<T, R>(state: State<T, R>, lane: LaneState<T, R>): void {
  if (lane.status !== "lost" || lane.flights.size > 0) return;
  lane.status = "recovering";
  lane.recovery = recovered(state, lane).then(
    (back) => {
      lane.status = back ? "up" : "gone";
      lane.health = HEALTHY;
      lane.pausedUntil = 0;
      state.wake();
    },
    (error: unknown) => {
      if (!state.scope.signal.aborted) fail(state, error);
      state.wake();
    },
  );
}

async function recovered<T, R>(state: State<T, R>, { lane }: LaneState<T, R>): Promise<boolean> {
  if (lane.recover === undefined) return false;
  const { signal } = state.scope;
  const { clock, graceMs = 1_000 } = state.options;
  return settleOrAbandon(lane.recover(signal), signal, clock, graceMs);
}
