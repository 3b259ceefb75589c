import type { ClassMatrix } from "../class-matrix.ts";
import { matrixOf, pickRows } from "../class-matrix.ts";
import type { Effects } from "../effects.ts";
import { formatCount, formatDuration, formatFixed, plural } from "../format.ts";
import type { Task } from "../judge/judge.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { sum } from "../numbers/sums.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import type { SequentialState } from "../stats/sequential-comparison.ts";
import { createSequentialPairs, type Replay, replay, type SequentialPlan } from "./interim-looks.ts";
import type { VariantRun } from "./variant-run.ts";

/**
 * Observes a comparison during scoring: reports progress, counts failed rows, and decides when the comparison may stop.
 */
export interface Monitor {
  /** Adds the rows of earlier sessions. Call this once, before any row is scored. */
  readonly begin: (runs: readonly VariantRun[]) => void;
  /** Call this for every prompt that ended, after its outcome is in the state of its variant. */
  readonly onOutcome: (run: VariantRun, task: Task, answered: boolean) => void;
  /**
   * Aborts when one variant is shown to be better than or as good as each of the others; never aborts without early
   * stopping.
   */
  readonly decided: AbortSignal;
  /** Returns the number of rows for which a variant failed in this session. */
  readonly failedRows: (run: VariantRun) => number;
  /** Computes the comparison again from its beginning, in the order of its plan; null without early stopping. */
  readonly replay: () => Replay | null;
}

/** Creates the monitor of a comparison. */
export function createMonitor(
  options: SequentialPlan & {
    readonly truth: ClassMatrix;
    readonly earlyStop: boolean;
    readonly effects: Pick<Effects, "clock" | "progress">;
  },
): Monitor {
  const { truth, earlyStop, order, effects } = options;
  const { clock } = effects;
  const stop = new AbortController();
  const pairs = earlyStop ? createSequentialPairs(options) : null;
  const added = new Set<number>();
  const failed = new Map<VariantRun, Set<number>>();
  let runs: readonly VariantRun[] = [];
  let startedAt: number | null = null;

  const hasFailed = (run: VariantRun, row: number): boolean => failed.get(run)?.has(row) ?? false;
  const lossesOf = (row: number): readonly (number | null)[] | null => {
    const isDone = runs.every((run) => run.answered(row) || hasFailed(run, row));
    return isDone ? runs.map((run) => (run.answered(row) ? lossOf(run, row, truth) : null)) : null;
  };
  const addRow = (row: number): void => {
    if (pairs === null || added.has(row)) return;
    const losses = lossesOf(row);
    if (losses === null) return;
    added.add(row);
    pairs.add(row, losses);
    if (pairs.isDecided()) stop.abort(new Error("the comparison is decided"));
  };
  const reportProgress = (): void => {
    startedAt ??= clock.monotonic();
    const done = sum(runs.map(({ folder: { state } }) => state.orders.ab.answered + state.orders.ba.answered));
    const total = sum(runs.map(({ orders }) => orders.length * order.length));
    const text = progressText({
      done,
      total,
      prompts: sum(runs.map(({ recorder }) => recorder.counts.scoredPrompts)),
      ms: clock.monotonic() - startedAt,
      states: pairs?.states() ?? null,
    });
    effects.progress({ stage: "score", done, total, text });
  };

  return {
    begin: (opened) => {
      runs = opened;
      for (const row of order) addRow(row);
    },
    onOutcome: (run, task, answered) => {
      if (!answered && !isAnswered(run.folder.state, task.row, task.order)) {
        failed.set(run, (failed.get(run) ?? new Set()).add(task.row));
      }
      addRow(task.row);
      reportProgress();
    },
    decided: stop.signal,
    failedRows: (run) => failed.get(run)?.size ?? 0,
    replay: () => (earlyStop ? replay(options, lossesOf) : null),
  };
}

/** Computes the log loss (nats) of one row. The probabilities are clipped as in the submission. */
function lossOf({ publisher, config }: Pick<VariantRun, "publisher" | "config">, row: number, truth: ClassMatrix) {
  const probabilities = matrixOf(truth.classes, [publisher.outcome(row).probabilities]);
  const clipped = clipProbabilities(probabilities, config.clip);
  return logLosses(clipped, pickRows(truth, Uint32Array.of(row)))[0] as number;
}

/** The speed is shown only after it was measured for 1 s. */
const LEAST_MS = 1_000;

function progressText(options: {
  readonly done: number;
  readonly total: number;
  /** Number of prompts scored in this session, and the duration of scoring, ms. */
  readonly prompts: number;
  readonly ms: number;
  /** The state of each pair; null without early stopping. */
  readonly states: readonly SequentialState[] | null;
}): string {
  const { done, total, prompts, ms, states } = options;
  const parts = [`${formatCount(done)}/${plural(total, "prompt")}`];
  if (prompts > 0 && ms >= LEAST_MS) {
    const perSecond = (1000 * prompts) / ms;
    parts.push(`${perSecond.toFixed(1)} prompts/s`, `${formatDuration((1000 * (total - done)) / perSecond)} left`);
  }
  return [...parts, ...(states === null ? [] : [statesText(states)])].join(" · ");
}

function statesText(states: readonly SequentialState[]): string {
  const [only, other] = states;
  if (only === undefined || other !== undefined) {
    const decided = states.filter(({ verdict }) => verdict !== "undecided").length;
    return `${decided} of ${states.length} pairs decided`;
  }
  const { mean, interval } = only;
  return `difference ${formatFixed(mean, 3)} (${formatFixed(interval.low, 3)} to ${formatFixed(interval.high, 3)}) nats`;
}
