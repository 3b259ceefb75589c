import { messageOf } from "../errors.ts";
import { retryDelay, withinTimeLeft } from "./backoff.ts";
import { markEngineLost } from "./engine-lost.ts";
import { afterFailure, HEALTHY, isLost } from "./health.ts";
import { putBack, retryAllNow } from "./pending.ts";
import { decideRetry } from "./retry-decision.ts";
import type { InFlightRequest, State, WorkerState } from "./state.ts";
import type { Attempt, FailureClass, RetryPolicy, TaskOutcome } from "./types.ts";

/** Records the results of a request. Throws an Error when the number of results differs from the number of tasks. */
export function onSuccess<T, R>(
  state: State<T, R>,
  worker: WorkerState<T, R>,
  request: InFlightRequest<T>,
  values: readonly R[],
): void {
  const { entries } = request.group;
  if (values.length !== entries.length) {
    throw new Error(`work returned ${values.length} results for ${entries.length} tasks`);
  }
  const finishedAt = state.options.clock.monotonic();
  const ms = finishedAt - request.startedAt;
  // The engine answers again after several failed rounds, so the tasks that wait for a retry need not wait longer.
  if (worker.health.streak > 1) retryAllNow(state.pending);
  worker.health = HEALTHY;
  state.unsettled -= entries.length;
  state.finished += entries.length;
  const outcomes = entries.map((entry, index): TaskOutcome<T, R> => {
    entry.attempts += 1;
    return { task: entry.task, outcome: { ok: true, value: values[index] as R, attempts: entry.attempts, ms } };
  });
  state.options.onRequest({ attempt: { ...describe(worker, request, finishedAt), ok: true }, outcomes });
}

/**
 * Records the failure of a request: some of its tasks wait for another attempt, the others have ended, and the engine may be
 * marked as lost.
 */
export function onFailure<T, R>(
  state: State<T, R>,
  worker: WorkerState<T, R>,
  request: InFlightRequest<T>,
  error: unknown,
): void {
  const { clock, classify, onRequest, random, timeLeftMs } = state.options;
  const finishedAt = clock.monotonic();
  const retry = withinTimeLeft(state.options.retry, timeLeftMs?.() ?? null);
  const failure = classOf(request, error, classify);
  const { reason } = failure;
  const message = messageOf(request.abortedFor === undefined ? error : request.controller.signal.reason);
  const attempt: Attempt<T> = { ...describe(worker, request, finishedAt), ok: false, reason, message };
  for (const entry of request.group.entries) {
    entry.attempts += 1;
    if (failure.kind === "engine-lost") entry.losses += 1;
  }
  if (request.abortedFor === "end") {
    state.aborted += request.tasks.length;
    state.unsettled -= request.tasks.length;
    onRequest({ attempt, outcomes: [] });
    return;
  }
  const { again, delayMs, ended, end } = decideRetry(request.group, failure, retry, random, state.finished);
  putBack(state.pending, again, finishedAt + delayMs);
  state.unsettled -= ended.length;
  state.failed += ended.length;
  const outcomes = ended.map(({ task, attempts }): TaskOutcome<T, R> => {
    return { task, outcome: { ok: false, end, reason, message, attempts } };
  });
  onRequest({ attempt, outcomes });
  updateHealth(worker, request, { failure, finishedAt, retry, random });
}

function classOf<T>(
  { abortedFor }: InFlightRequest<T>,
  error: unknown,
  classify: (error: unknown) => FailureClass,
): FailureClass {
  switch (abortedFor) {
    case undefined:
      return classify(error);
    case "timeout":
      return { kind: "retry", reason: "timeout", blame: "either" };
    case "engine-lost":
      return { kind: "engine-lost", reason: "engine-lost" };
    case "end":
      return { kind: "final", reason: "aborted" };
    default:
      return abortedFor satisfies never;
  }
}

function updateHealth<T, R>(
  worker: WorkerState<T, R>,
  request: InFlightRequest<T>,
  {
    failure,
    finishedAt,
    retry,
    random,
  }: {
    readonly failure: FailureClass;
    readonly finishedAt: number;
    readonly retry: RetryPolicy;
    readonly random: () => number;
  },
): void {
  worker.health = afterFailure(worker.health, failure, { startedAt: request.startedAt, finishedAt });
  if (isLost(worker.health, failure, retry.lostAfter)) {
    markEngineLost(worker, new Error(`the engine ${worker.options.name} was lost`));
    return;
  }
  if (failure.kind !== "retry" || failure.afterMs === undefined) return;
  // A server's retry-after holds for all requests of this worker.
  worker.pausedUntil = Math.max(worker.pausedUntil, finishedAt + retryDelay(1, failure.afterMs, retry, random));
}

function describe<T, R>(worker: WorkerState<T, R>, request: InFlightRequest<T>, finishedAt: number) {
  const { tasks, startedAt, inFlight, concurrency } = request;
  return { worker: worker.options.name, tasks, startedAt, finishedAt, inFlight, concurrency };
}
