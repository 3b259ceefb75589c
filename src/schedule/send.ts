import { settleOrAbandon } from "./abandon.ts";
import { onFailure, onSuccess } from "./on-response.ts";
import type { Group } from "./pending.ts";
import { fail, type InFlightRequest, type State, type WorkerState } from "./state.ts";

/** Sends a group of tasks to an engine and handles the response when it arrives. */
export function send<T, R>(state: State<T, R>, worker: WorkerState<T, R>, group: Group<T>, now: number): void {
  const tasks = group.entries.map((entry) => entry.task);
  const request: InFlightRequest<T> = {
    group,
    tasks,
    controller: new AbortController(),
    startedAt: now,
    limitSince: now,
    expiresAt: now + state.options.timeoutMs(tasks),
    inFlight: worker.inFlight.size + 1,
    concurrency: worker.queue.concurrency,
    abortedFor: undefined,
  };
  worker.inFlight.add(request);
  worker.nextExpiry = Math.min(worker.nextExpiry, request.expiresAt);
  // This promise never rejects and is not awaited here, because the end of the schedule waits until the queue is idle.
  void worker.queue.add(() => complete(state, worker, request));
}

async function complete<T, R>(
  state: State<T, R>,
  worker: WorkerState<T, R>,
  request: InFlightRequest<T>,
): Promise<void> {
  const { clock, graceMs = 1_000 } = state.options;
  const { signal } = request.controller;
  try {
    const work = (async () => worker.options.work(request.tasks, signal))();
    const result = await settleOrAbandon(work, signal, clock, graceMs).then(
      (values) => ({ values }),
      (error: unknown) => ({ error }),
    );
    if (request.abortedFor === undefined) restartLimits(state, worker, request);
    worker.inFlight.delete(request);
    if ("values" in result) onSuccess(state, worker, request, result.values);
    else onFailure(state, worker, request, result.error);
  } catch (error) {
    worker.inFlight.delete(request);
    fail(state, error);
  }
}

/**
 * Starts the time limits of the later requests anew, because an engine computes requests in the order in which they came: a long queue
 * is no sign that it hangs.
 */
function restartLimits<T, R>(state: State<T, R>, worker: WorkerState<T, R>, answered: InFlightRequest<T>): void {
  const now = state.options.clock.monotonic();
  const inOrder = [...worker.inFlight];
  for (const request of inOrder.slice(inOrder.indexOf(answered) + 1)) {
    request.limitSince = now;
    request.expiresAt = now + state.options.timeoutMs(request.tasks);
  }
}
