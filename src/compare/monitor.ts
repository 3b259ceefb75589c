import type { Effects } from "../effects.ts";
import type { Task } from "../judge/judge.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import { createSequentialPairs, type Replay, replay, type SequentialPlan } from "./interim-looks.ts";
import { lossOf } from "./losses.ts";
import { progressText } from "./progress-text.ts";
import type { VariantRun } from "./variant-run.ts";

/** A comparison while it goes on: hears every answer, shows how far it is, and says when the comparison is decided. */
export interface Monitor {
  /** Takes in what earlier sessions have answered; to be called once, before anything is scored. */
  readonly begin: (contestants: readonly VariantRun[]) => void;
  readonly told: (contestant: VariantRun, task: Task, answered: boolean) => void;
  /** Aborts when one variant has been shown to be the best; never, unless that may end the comparison. */
  readonly enough: AbortSignal;
  /** Rows on which a contestant failed in this session. */
  readonly failed: (contestant: VariantRun) => number;
  /** The comparison from its begin, in the order of its plan; null unless it may stop early. */
  readonly replay: () => Replay | null;
}

/** Creates the course of a comparison. */
export function createMonitor(
  options: SequentialPlan & {
    readonly truth: Float64Array;
    readonly earlyStop: boolean;
    readonly effects: Pick<Effects, "clock" | "progress">;
  },
): Monitor {
  const { truth, earlyStop, effects } = options;
  const { clock } = effects;
  const controller = new AbortController();
  const watch = earlyStop ? createSequentialPairs(options) : null;
  const taken = new Set<number>();
  const failed = new Map<VariantRun, Set<number>>();
  let contestants: readonly VariantRun[] = [];
  let startedAt: number | null = null;

  const hasFailed = (contestant: VariantRun, row: number): boolean => failed.get(contestant)?.has(row) ?? false;
  const lossesOf = (row: number): readonly (number | null)[] | null => {
    const through = contestants.every((one) => one.answered(row) || hasFailed(one, row));
    return through ? contestants.map((one) => (one.answered(row) ? lossOf(one, row, truth) : null)) : null;
  };
  const look = (row: number): void => {
    if (watch === null || taken.has(row)) return;
    const losses = lossesOf(row);
    if (losses === null) return;
    taken.add(row);
    watch.add(row, losses);
    if (watch.isDecided()) controller.abort(new Error("the answer is known"));
  };
  const show = (): void => {
    startedAt ??= clock.monotonic();
    const sum = (of: (contestant: VariantRun) => number): number =>
      contestants.reduce((total, contestant) => total + of(contestant), 0);
    const done = sum(({ folder }) => folder.state.orders.ab.answered + folder.state.orders.ba.answered);
    const total = sum(({ orders }) => orders.length * options.order.length);
    const prompts = sum(({ recorder }) => recorder.counts.scoredPrompts);
    const states = watch?.states() ?? null;
    const text = progressText({ done, total, prompts, ms: clock.monotonic() - startedAt, states });
    effects.progress({ stage: "score", done, total, text });
  };

  return {
    begin: (all) => {
      contestants = all;
      for (const row of options.order) look(row);
    },
    told: (contestant, task, answered) => {
      if (!answered && !isAnswered(contestant.folder.state, task.row, task.order)) {
        failed.set(contestant, (failed.get(contestant) ?? new Set()).add(task.row));
      }
      look(task.row);
      show();
    },
    enough: controller.signal,
    failed: (contestant) => failed.get(contestant)?.size ?? 0,
    replay: () => (earlyStop ? replay(options, lossesOf) : null),
  };
}
