import { settleOrAbandon } from "./abandon.ts";
import { dispatch } from "./dispatch.ts";
import { watchEngine } from "./engine-lost.ts";
import { createState, endEarly, fail, type State } from "./state.ts";
import { createTimer } from "./timer.ts";
import type { ScheduleOptions, Summary } from "./types.ts";

/**
 * Runs every task on the engines and reports one outcome for each. Tasks are pulled lazily: at most twice as many are in
 * memory as may be in flight. Resolves when all tasks have ended, and also, with `end` saying so, when the signal aborts or
 * no engine is left; tasks without an outcome were then not finished, and what was not pulled yet is not pulled any more.
 * Nothing is in flight and no timer is left when it settles. Throws what the task source, `classify`, `recover` or one of the callbacks threw.
 */
export async function schedule<T, R>(options: ScheduleOptions<T, R>): Promise<Summary> {
  if (options.lanes.length === 0) throw new Error("schedule needs at least one lane");
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const wake = (): void => {
    try {
      const next = dispatch(state);
      if (next === "finished") finish();
      else alarm.set(next);
    } catch (error) {
      fail(state, error);
      finish();
    }
  };
  const alarm = createTimer(options.clock, wake);
  const state = createState(options, wake);
  const onAbort = (): void => {
    endEarly(state, "aborted", options.signal.reason);
    wake();
  };
  options.signal.addEventListener("abort", onAbort, { once: true });
  for (const lane of state.lanes) watchEngine(state, lane);
  if (options.signal.aborted) onAbort();
  else wake();
  await finished;
  options.signal.removeEventListener("abort", onAbort);
  await settle(state);
  await alarm.stop();
  if (state.error !== undefined) throw state.error.cause;
  return summarize(state);
}

async function settle<T, R>(state: State<T, R>): Promise<void> {
  const { clock, graceMs = 1_000 } = state.options;
  state.scope.abort(new Error("the schedule has ended"));
  await Promise.all(state.lanes.map(({ queue }) => queue.onIdle()));
  await Promise.all(state.lanes.map(({ recovery }) => recovery));
  for (const { unwatch } of state.lanes) unwatch();
  if (state.source.ended) return;
  // A generator that waits for something cannot be closed before it goes on; it hears the same signal as we do.
  const closed = Promise.resolve(state.source.iterator.return?.());
  await settleOrAbandon(closed, state.scope.signal, clock, graceMs).catch(() => {});
}

function summarize<T, R>({ end = "done", finished, failed, aborted, held }: State<T, R>): Summary {
  return { end, finished, failed, aborted, unstarted: held };
}
