import { settleOrAbandon } from "./abandon.ts";
import { dispatch } from "./dispatch.ts";
import { watchEngine } from "./engine-lost.ts";
import { createScheduleState, endEarly, fail, type State } from "./state.ts";
import { createTimer } from "./timer.ts";
import type { ScheduleOptions, Summary } from "./types.ts";

/**
 * Runs every task on the engines and reports one outcome for each. Tasks are pulled lazily: the number in memory is at most
 * twice the number that may be in flight. Resolves when all tasks have ended, when the signal aborts, or when no engine is
 * left; `end` of the summary gives the reason. After an abort some tasks have no outcome, and no further task is pulled. When
 * the promise settles, no request is in flight and no timer is left. Throws every error that the task source, `classify`,
 * `recover` or `onRequest` threw.
 */
export async function schedule<T, R>(options: ScheduleOptions<T, R>): Promise<Summary> {
  if (options.workers.length === 0) throw new Error("schedule needs at least one worker");
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const wake = (): void => {
    try {
      const next = dispatch(state);
      if (next === "finished") finish();
      else timer.set(next);
    } catch (error) {
      fail(state, error);
      finish();
    }
  };
  const timer = createTimer(options.clock, wake);
  const state = createScheduleState(options, wake);
  const onAbort = (): void => {
    endEarly(state, "aborted", options.signal.reason);
    wake();
  };
  options.signal.addEventListener("abort", onAbort, { once: true });
  for (const worker of state.workers) watchEngine(state, worker);
  if (options.signal.aborted) onAbort();
  else wake();
  await finished;
  options.signal.removeEventListener("abort", onAbort);
  await settle(state);
  await timer.stop();
  if (state.error !== undefined) throw state.error.cause;
  return summarize(state);
}

async function settle<T, R>(state: State<T, R>): Promise<void> {
  const { clock, graceMs = 1_000 } = state.options;
  state.scope.abort(new Error("the schedule has ended"));
  await Promise.all(state.workers.map(({ queue }) => queue.onIdle()));
  await Promise.all(state.workers.map(({ recovery }) => recovery));
  for (const { unwatch } of state.workers) unwatch();
  if (state.source.ended) return;
  // A generator that waits for something cannot be closed before this wait ends; the caller's signal should end the wait.
  const closed = Promise.resolve(state.source.iterator.return?.());
  await settleOrAbandon(closed, state.scope.signal, clock, graceMs).catch(() => {});
}

function summarize<T, R>({ end = "done", finished, failed, aborted, unsettled }: State<T, R>): Summary {
  return { end, finished, failed, aborted, unstarted: unsettled };
}
