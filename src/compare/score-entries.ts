import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Recorder } from "../job/recorder.ts";
import type { Judge, Task } from "../judge/judge.ts";
import type { EnginePool } from "../pool/pool.ts";
import { DEFAULT_RETRY } from "../schedule/backoff.ts";
import { classifyRequestError } from "../schedule/classify.ts";
import { schedule } from "../schedule/schedule.ts";
import type { Summary } from "../schedule/types.ts";
import type { Order, Reading } from "../types.ts";

/** Which prompt of which contestant (its place among those that share the engine) is asked for. */
export interface Choice {
  readonly of: number;
  readonly row: number;
  readonly order: Order;
}

type Entry = Task & Choice;

/** Scores what is picked on all engines in one schedule; each contestant's recorder is told its own part. */
export async function scoreEntries(options: {
  choices: Iterable<Choice>;
  judgings: readonly Judge[];
  recorders: readonly Recorder[];
  slots: EnginePool;
  config: Config;
  /** Asks the server to compute every prompt anew. */
  cacheSalt?: string;
  /** Told the token ids of every prompt that is about to be sent. */
  onPrompt?: (of: number, ids: readonly number[]) => void;
  effects: Pick<Effects, "clock" | "random">;
  signal: AbortSignal;
}): Promise<Summary["end"]> {
  const { recorders, slots, config, effects, signal } = options;
  const { end } = await schedule<Entry, Reading>({
    tasks: entries(options),
    lanes: slots.list.map(({ lane }) => lane),
    classify: classifyRequestError,
    onOutcome: (entry, outcome) => recorders[entry.of]?.outcome(entry, outcome),
    onAttempt: (attempt) => {
      for (const [place, recorder] of recorders.entries()) {
        const tasks = attempt.tasks.filter(({ of }) => of === place);
        if (tasks.length === 0) continue;
        if (attempt.ok) recorder.attempt({ ...attempt, tasks });
        else recorder.attempt({ ...attempt, tasks, ended: attempt.ended.filter(({ of }) => of === place) });
      }
      slots.observe(attempt);
    },
    retry: { ...DEFAULT_RETRY, attempts: config.attempts },
    timeoutMs: () => config.requestTimeoutMs,
    clock: effects.clock,
    random: effects.random,
    signal,
  });
  return end;
}

async function* entries({
  choices,
  judgings,
  cacheSalt,
  onPrompt,
  signal,
}: Omit<Parameters<typeof scoreEntries>[0], "recorders" | "slots" | "config" | "effects">): AsyncGenerator<Entry> {
  const salt = cacheSalt === undefined ? {} : { cacheSalt };
  for (const { of, row, order } of choices) {
    if (signal.aborted) return;
    const judging = judgings[of];
    if (judging === undefined) throw new Error(`there is no contestant ${of}`);
    const task = await judging.prepare(row, order, null);
    onPrompt?.(of, task.ids);
    yield { ...task, ...salt, of };
  }
}
