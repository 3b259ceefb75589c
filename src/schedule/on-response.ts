import { messageOf } from "../errors.ts";
import { retryDelay } from "./backoff.ts";
import { markEngineLost } from "./engine-lost.ts";
import { afterFailure, HEALTHY, isLost } from "./health.ts";
import { putBack, retryAllNow } from "./pending.ts";
import { decideRetry } from "./retry-decision.ts";
import type { InFlightRequest, State, WorkerState } from "./state.ts";
import type { Attempt, FailureClass } from "./types.ts";

/** Takes in the results of a request. */
export function onSuccess<T, R>(
  state: State<T, R>,
  lane: WorkerState<T, R>,
  flight: InFlightRequest<T>,
  values: readonly R[],
): void {
  if (values.length !== flight.tasks.length) {
    throw new Error(`work returned ${values.length} results for ${flight.tasks.length} tasks`);
  }
  const finishedAt = state.options.clock.monotonic();
  const ms = finishedAt - flight.startedAt;
  // The trouble of all is over: whoever still waits because of it need not.
  if (lane.health.streak > 1) retryAllNow(state.pool);
  lane.health = HEALTHY;
  state.options.onAttempt?.({ ...describe(lane, flight, finishedAt), ok: true });
  flight.group.entries.forEach((entry, index) => {
    entry.attempts += 1;
    state.held -= 1;
    state.finished += 1;
    state.options.onOutcome(entry.task, { ok: true, value: values[index] as R, attempts: entry.attempts, ms });
  });
}

/** Takes in the failure of a request: some tasks wait for another try, some have ended, and the engine may be lost. */
export function onFailure<T, R>(
  state: State<T, R>,
  lane: WorkerState<T, R>,
  flight: InFlightRequest<T>,
  error: unknown,
): void {
  const { clock, classify, onAttempt, onOutcome, retry, random } = state.options;
  const finishedAt = clock.monotonic();
  const verdict = judge(flight, error, classify);
  for (const entry of flight.group.entries) {
    entry.attempts += 1;
    if (verdict.kind === "engine-lost") entry.losses += 1;
  }
  const cause = flight.cut === undefined ? error : flight.controller.signal.reason;
  const failed = { ok: false, reason: verdict.reason, message: messageOf(cause) } as const;
  if (flight.cut === "aborted") {
    state.aborted += flight.tasks.length;
    state.held -= flight.tasks.length;
    onAttempt?.({ ...describe(lane, flight, finishedAt), ...failed, ended: [] });
    return;
  }
  const fate = decideRetry(flight.group, verdict, retry, random, state.finished);
  putBack(state.pool, fate.again, finishedAt + fate.delayMs);
  state.held -= fate.ended.length;
  state.failed += fate.ended.length;
  onAttempt?.({ ...describe(lane, flight, finishedAt), ...failed, ended: fate.ended.map((entry) => entry.task) });
  for (const { task, attempts } of fate.ended) {
    onOutcome(task, { ok: false, end: fate.end, reason: verdict.reason, message: failed.message, attempts });
  }
  updateHealth(state, lane, flight, verdict, finishedAt);
}

function judge<T>(
  flight: InFlightRequest<T>,
  error: unknown,
  classify: (error: unknown) => FailureClass,
): FailureClass {
  switch (flight.cut) {
    case undefined:
      return classify(error);
    case "timeout":
      return { kind: "retry", reason: "timeout", blame: "either" };
    case "lost":
      return { kind: "engine-lost", reason: "engine-lost" };
    case "aborted":
      return { kind: "final", reason: "aborted" };
    default:
      return flight.cut satisfies never;
  }
}

function updateHealth<T, R>(
  state: State<T, R>,
  lane: WorkerState<T, R>,
  flight: InFlightRequest<T>,
  verdict: FailureClass,
  finishedAt: number,
): void {
  const { retry, random } = state.options;
  lane.health = afterFailure(lane.health, verdict, { startedAt: flight.startedAt, finishedAt });
  if (isLost(lane.health, verdict, retry.lostAfter)) {
    markEngineLost(lane, new Error(`the engine ${lane.lane.name} was lost`));
    return;
  }
  if (verdict.kind !== "retry" || verdict.afterMs === undefined) return;
  // A server that asks for a pause asks all of us.
  lane.pausedUntil = Math.max(lane.pausedUntil, finishedAt + retryDelay(1, verdict.afterMs, retry, random));
}

function describe<T, R>(
  lane: WorkerState<T, R>,
  flight: InFlightRequest<T>,
  finishedAt: number,
): Omit<Attempt<T>, "ok" | "reason" | "message" | "ended"> {
  const { tasks, startedAt, inFlight, concurrency } = flight;
  return { lane: lane.lane.name, tasks, startedAt, finishedAt, inFlight, concurrency };
}
