import type { Config } from "../config/config.ts";
import type { Stop } from "../deadline/decision.ts";
import type { Effects } from "../effects.ts";
import type { Judge, Task } from "../judge/judge.ts";
import type { EnginePool } from "../pool/pool.ts";
import { scoreOnPool } from "../pool/score-on-pool.ts";
import { ROWS_PER_MESSAGE, ROWS_PER_THREAD } from "../prompt/threads/threads.ts";
import type { Clock } from "../types.ts";
import type { Planner } from "./planner.ts";
import type { Recorder } from "./recorder.ts";
import type { RunEnd } from "./summary.ts";
import type { TimeLimits } from "./time-limits.ts";

/** Scores on all engines the prompts that the planner chooses, until no prompt is left or the time is over. */
export async function scoreRows(options: {
  config: Config;
  planner: Planner;
  pool: EnginePool<Judge>;
  judge: Judge;
  recorder: Recorder;
  /** Number of threads that prepare rows beside this one. */
  threads: number;
  effects: Effects;
  limits: TimeLimits;
  /** Aborts when the labels get almost no probability. */
  lowMass: AbortSignal;
  /** Shows the progress. */
  show: () => void;
}): Promise<RunEnd> {
  const { config, planner, pool, judge, recorder, threads, effects, limits, lowMass, show } = options;
  const ended = new AbortController();
  const broken = new AbortController();
  const signal = AbortSignal.any([limits.signal, broken.signal, lowMass]);
  // An error of the caller's progress callback stops the run in an orderly way. It is thrown after all requests have ended.
  const showSafely = (): void => {
    try {
      show();
    } catch (error) {
      broken.abort(error);
    }
  };
  const showing = showEverySecond(showSafely, effects.clock, ended.signal);
  const end = await scoreOnPool<Task>({
    pool,
    tasks: tasksOf({ planner, judge, ahead: () => aheadOf(pool, threads), signal }),
    onRequest: (event) => {
      recorder.onRequest(event);
      // The forecast is for all engines together, so it gets the sum of their limits. The limit of a single engine would
      // look like a change of load when a request of another engine follows.
      planner.onRequest(event, event.attempt === null ? 0 : pool.concurrencyAt(event.attempt));
      showSafely();
    },
    config,
    timeLeftMs: () => {
      const budget = limits.budget();
      return budget === null ? null : budget.workEndAt - effects.clock.monotonic();
    },
    effects,
    signal,
  }).finally(() => ended.abort(new Error("scoring has ended")));
  await showing;
  broken.signal.throwIfAborted();
  show();
  switch (end) {
    case "engines-lost":
      return "engine-lost";
    case "done":
      return endOfStop(planner.tick().stop);
    case "aborted":
      if (effects.signal.aborted) return "interrupted";
      return limits.signal.aborted ? "deadline" : "low-mass";
    default:
      return end satisfies never;
  }
}

/**
 * Says how a run ended whose planner gave no more prompts, and whose requests have all ended. The planner may find that the time is
 * over before the timer of the limits does.
 */
function endOfStop(stop: Stop | null): RunEnd {
  const kind = stop?.kind ?? "complete";
  switch (kind) {
    case "time-up":
      return "deadline";
    case "overrun":
    case "engine-lost":
      return kind;
    case "complete":
      return "done";
    default:
      return kind satisfies never;
  }
}

/**
 * Prepares the prompts in the order of the planner, up to `ahead` of them before the schedule asks for them. The planner counts them as
 * taken: they keep the budget that it chose, and when it ends the work they are not sent.
 */
async function* tasksOf(options: {
  planner: Planner;
  judge: Judge;
  ahead: () => number;
  signal: AbortSignal;
}): AsyncGenerator<Task> {
  const { planner, judge, ahead, signal } = options;
  const prepared: Promise<Task>[] = [];
  const prepareMore = (): "enough" | "wait" | "end" => {
    const most = Math.max(1, ahead());
    // Several rows are asked for at once, so that they go to a thread in one message.
    if (prepared.length > most / 2) return "enough";
    while (prepared.length < most) {
      const next = planner.next();
      if (next === "wait" || next === "end") return next;
      const task = judge.prepare(next.row, next.order, next.tokenBudget);
      // An error is thrown where the task is taken, in its turn.
      task.catch(() => {});
      prepared.push(task);
    }
    return "enough";
  };
  while (!signal.aborted) {
    if (prepareMore() === "end") return;
    const task = prepared.shift();
    if (task !== undefined) yield await task;
    else await planner.changed(signal);
  }
}

/**
 * Gives the number of prompts that are prepared ahead: enough for all threads and this one, but no more than are in flight, because a
 * prompt that waits long may be one that the planner would no longer choose.
 */
function aheadOf({ workers }: EnginePool<Judge>, threads: number): number {
  if (threads === 0) return 0;
  const inFlight = workers.reduce((sum, { concurrency, batchSize }) => sum + concurrency() * batchSize(), 0);
  return Math.min(threads * ROWS_PER_THREAD + ROWS_PER_MESSAGE, inFlight);
}

const SHOW_MS = 1_000;

/** Shows the progress also while no request ends, because the time left shrinks and the planner may make a new decision. */
async function showEverySecond(show: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(SHOW_MS, signal).catch(() => {});
    if (!signal.aborted) show();
  }
}
