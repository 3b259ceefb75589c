import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Recorder } from "../job/recorder.ts";
import type { Judge, Task } from "../judge/judge.ts";
import type { EnginePool } from "../pool/pool.ts";
import { scoreOnPool } from "../pool/score-on-pool.ts";
import type { RequestEvent, Summary } from "../schedule/types.ts";
import type { Order, Reading } from "../types.ts";

/**
 * One prompt to score: a row of one variant in one order. `variant` is the index among the variants that share the
 * engine.
 */
export interface VariantPrompt {
  readonly variant: number;
  readonly row: number;
  readonly order: Order;
}

/** A prompt of one variant. */
export type VariantTask = Task & VariantPrompt;

/** Scores prompts of several variants in one schedule. */
export async function scorePrompts(options: {
  prompts: Iterable<VariantPrompt>;
  pool: EnginePool<readonly Judge[]>;
  /** The recorder of each variant. */
  recorders: readonly Recorder[];
  config: Config;
  /** A salt that makes the server compute every prompt again. */
  cacheSalt?: string;
  /** Called with the token ids of every prompt before it is sent. */
  onPrompt?: (variant: number, ids: readonly number[]) => void;
  /** Called after the outcomes of a request are in the states of the variants. */
  onRequest?: (event: RequestEvent<VariantTask, Reading>) => void;
  effects: Pick<Effects, "clock" | "random">;
  signal: AbortSignal;
}): Promise<Summary["end"]> {
  const { pool, recorders, onRequest, config, effects, signal } = options;
  return scoreOnPool<VariantTask>({
    pool,
    tasks: tasksOf(options),
    onRequest: (event) => {
      for (const [variant, recorder] of recorders.entries()) {
        const part = partOf(event, variant);
        if (part !== null) recorder.onRequest(part);
      }
      onRequest?.(event);
    },
    config,
    effects,
    signal,
  });
}

/** Extracts the part of a request that belongs to one variant; null when no row of the request does. */
function partOf(
  { attempt, outcomes }: RequestEvent<VariantTask, Reading>,
  variant: number,
): RequestEvent<VariantTask, Reading> | null {
  const part = {
    attempt: attempt === null ? null : { ...attempt, tasks: attempt.tasks.filter((task) => task.variant === variant) },
    outcomes: outcomes.filter(({ task }) => task.variant === variant),
  };
  return (part.attempt?.tasks ?? part.outcomes).length === 0 ? null : part;
}

async function* tasksOf({
  prompts,
  pool,
  cacheSalt,
  onPrompt,
  signal,
}: Pick<
  Parameters<typeof scorePrompts>[0],
  "prompts" | "pool" | "cacheSalt" | "onPrompt" | "signal"
>): AsyncGenerator<VariantTask> {
  const salt = cacheSalt === undefined ? {} : { cacheSalt };
  for (const { variant, row, order } of prompts) {
    if (signal.aborted) return;
    const judge = pool.judge[variant];
    if (judge === undefined) throw new Error(`there is no variant ${variant}`);
    const task = await judge.prepare(row, order, null);
    onPrompt?.(variant, task.ids);
    yield { ...task, ...salt, variant };
  }
}
