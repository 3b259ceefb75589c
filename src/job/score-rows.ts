import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Task } from "../judge/judge.ts";
import type { EnginePool } from "../pool/pool.ts";
import { DEFAULT_RETRY } from "../schedule/backoff.ts";
import { classifyRequestError } from "../schedule/classify.ts";
import { schedule } from "../schedule/schedule.ts";
import type { Clock, Reading } from "../types.ts";
import type { Planner } from "./planner.ts";
import { taskSource } from "./prompt-source.ts";
import type { Recorder } from "./recorder.ts";
import type { RunEnd } from "./summary.ts";
import type { TimeLimits } from "./time-limits.ts";

/** Scores what the planner picks on all engines until nothing is left or the time is over. */
export async function scoreRows(options: {
  config: Config;
  planner: Planner;
  slots: EnginePool;
  recorder: Recorder;
  effects: Effects;
  limits: TimeLimits;
  /** Shows how far the run is. */
  show: () => void;
}): Promise<RunEnd> {
  const { config, planner, slots, recorder, effects, limits, show } = options;
  const { clock, random } = effects;
  const ended = new AbortController();
  const broken = new AbortController();
  const signal = AbortSignal.any([limits.signal, broken.signal]);
  const showSafely = (): void => {
    try {
      show();
    } catch (error) {
      broken.abort(error);
    }
  };
  const shown = showNowAndThen(showSafely, clock, ended.signal);
  const { end } = await schedule<Task, Reading>({
    tasks: taskSource(planner, slots.judging, signal),
    lanes: slots.list.map(({ lane }) => lane),
    classify: classifyRequestError,
    onOutcome: recorder.outcome,
    onAttempt: (attempt) => {
      recorder.attempt(attempt);
      slots.observe(attempt);
      // The clock foresees for all engines together: the limit of one lane after that of another would look like a change.
      planner.attempted({ ...attempt, concurrency: slots.concurrencyAt(attempt) });
      showSafely();
    },
    retry: { ...DEFAULT_RETRY, attempts: config.attempts },
    timeoutMs: () => config.requestTimeoutMs,
    clock,
    random,
    signal,
  }).finally(() => ended.abort(new Error("scoring has ended")));
  await shown;
  broken.signal.throwIfAborted();
  show();
  if (end === "engines-lost") return "engine-lost";
  if (end === "done") return planner.tick().stop?.kind === "overrun" ? "overrun" : "done";
  return effects.signal.aborted ? "interrupted" : "deadline";
}

const SHOW_MS = 1_000;

/** Time passes and the clock decides although no request ends: a line that stood still would not be true any more. */
async function showNowAndThen(show: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(SHOW_MS, signal).catch(() => {});
    if (!signal.aborted) show();
  }
}
