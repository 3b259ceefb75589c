import { settleOrAbandon } from "./abandon.ts";
import { onFailure, onSuccess } from "./on-response.ts";
import type { Group } from "./pending.ts";
import { fail, type InFlightRequest, type State, type WorkerState } from "./state.ts";

/** Sends a group of tasks to an engine; what comes back is dealt with when it comes. */
export function send<T, R>(state: State<T, R>, lane: WorkerState<T, R>, group: Group<T>, now: number): void {
  const tasks = group.entries.map((entry) => entry.task);
  const flight: InFlightRequest<T> = {
    group,
    tasks,
    controller: new AbortController(),
    startedAt: now,
    expiresAt: now + state.options.timeoutMs(tasks),
    inFlight: lane.flights.size + 1,
    concurrency: lane.queue.concurrency,
    cut: undefined,
  };
  lane.flights.add(flight);
  lane.nextExpiry = Math.min(lane.nextExpiry, flight.expiresAt);
  // Never rejects: the end of the schedule waits for the queue to be idle.
  void lane.queue.add(() => fly(state, lane, flight));
}

async function fly<T, R>(state: State<T, R>, lane: WorkerState<T, R>, flight: InFlightRequest<T>): Promise<void> {
  const { clock, graceMs = 1_000 } = state.options;
  const { signal } = flight.controller;
  try {
    const work = (async () => lane.lane.work(flight.tasks, signal))();
    const result = await settleOrAbandon(work, signal, clock, graceMs).then(
      (values) => ({ values }),
      (error: unknown) => ({ error }),
    );
    lane.flights.delete(flight);
    if ("values" in result) onSuccess(state, lane, flight, result.values);
    else onFailure(state, lane, flight, result.error);
  } catch (error) {
    lane.flights.delete(flight);
    fail(state, error);
  }
}
