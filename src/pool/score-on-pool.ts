import type { Setting } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Task } from "../judge/judge.ts";
import { DEFAULT_RETRY } from "../schedule/backoff.ts";
import { schedule } from "../schedule/schedule.ts";
import type { RequestEvent, Summary } from "../schedule/types.ts";
import type { Reading } from "../types.ts";
import { classifyRequestError } from "./classify-request-error.ts";
import type { EnginePool } from "./pool.ts";

/**
 * Scores prompts on all engines of a pool. Resolves when all are scored, when the signal aborts, or when no engine is left.
 * Throws every error that the prompts' source or `onRequest` threw.
 */
export async function scoreOnPool<T extends Task>(options: {
  pool: Pick<EnginePool<unknown>, "workers" | "observe">;
  /** The prompts; each one is prepared when it is pulled. */
  tasks: AsyncIterable<T>;
  /** Called once after each request, see `ScheduleOptions`. */
  onRequest: (event: RequestEvent<T, Reading>) => void;
  config: Pick<Config, "attempts" | "requestTimeoutMs">;
  /** Gives one setting for all engines. Without it, each engine's own setting is used and adapted to its speed. */
  setting?: () => Setting;
  /** Time (ms) until the work must end; null or absent: nothing limits it. */
  timeLeftMs?: () => number | null;
  effects: Pick<Effects, "clock" | "random">;
  signal: AbortSignal;
}): Promise<Summary["end"]> {
  const { pool, tasks, onRequest, config, setting, effects, signal } = options;
  const { end } = await schedule<T, Reading>({
    tasks: withoutRefused(tasks, onRequest),
    workers: setting === undefined ? pool.workers : pool.workers.map((worker) => withSetting(worker, setting)),
    classify: classifyRequestError,
    onRequest: (event) => {
      if (event.attempt !== null && setting === undefined) pool.observe(event.attempt);
      onRequest(event);
    },
    retry: { ...DEFAULT_RETRY, attempts: config.attempts },
    ...(options.timeLeftMs === undefined ? {} : { timeLeftMs: options.timeLeftMs }),
    timeoutMs: () => config.requestTimeoutMs,
    clock: effects.clock,
    random: effects.random,
    signal,
  });
  return end;
}

/** Reports each task that must not be sent as refused, and hands on the others. */
async function* withoutRefused<T extends Task>(
  tasks: AsyncIterable<T>,
  onRequest: (event: RequestEvent<T, Reading>) => void,
): AsyncGenerator<T> {
  for await (const task of tasks) {
    if (task.refusal === null) yield task;
    else {
      const outcome = { ok: false, end: "refused", reason: "unsafe", message: task.refusal, attempts: 0 } as const;
      onRequest({ attempt: null, outcomes: [{ task, outcome }] });
    }
  }
}

function withSetting(worker: EnginePool<unknown>["workers"][number], setting: () => Setting): typeof worker {
  return {
    ...worker,
    concurrency: () => setting().concurrency,
    batchSize: () => setting().promptsPerRequest,
  };
}
