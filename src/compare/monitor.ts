import { type ClassMatrix, matrixOf, pickRows } from "../class-matrix.ts";
import type { Effects } from "../effects.ts";
import { formatCount, formatDuration, formatFixed, plural } from "../format.ts";
import type { Task } from "../judge/judge.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { sum } from "../numbers/sums.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import type { SequentialState } from "../stats/sequential-comparison.ts";
import { createSequentialPairs, type Replay, replay, type SequentialPlan } from "./interim-looks.ts";
import { leaderOf, type RacePlan } from "./race.ts";
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
   * Aborts when one variant is shown to be better than or as good as each of the others, and when the budget of a race is
   * used; never aborts without early stopping.
   */
  readonly stopped: AbortSignal;
  /** Aborts when also the time for the score of the winner is over. */
  readonly over: AbortSignal;
  /** Why `stopped` has aborted; null when it has not. */
  readonly end: () => "decided" | "budget" | null;
  /** Returns whether a variant is still scored: in a race, one that is shown to be worse is not. */
  readonly isIn: (run: VariantRun) => boolean;
  /** Returns the winner of a race so far; null without a race, and before all variants that are still in have a row. */
  readonly leader: () => VariantRun | null;
  /** Returns the number of rows for which a variant failed in this session. */
  readonly failedRows: (run: VariantRun) => number;
  /** Computes the comparison again from its beginning, in the order of its plan; null without early stopping. */
  readonly replay: () => Replay | null;
}

/** Creates the monitor of a comparison. */
export function createMonitor(
  options: SequentialPlan & {
    /** The labels of all rows, by which the comparison may stop early; null: it scores all rows. */
    readonly stopBy: { readonly truth: ClassMatrix } | null;
    /** The race, which drops variants; `order` is then its rows. Null: all variants are scored to the end. */
    readonly race: RacePlan | null;
    readonly effects: Pick<Effects, "clock" | "progress">;
  },
): Monitor {
  const { stopBy, order, race, effects } = options;
  const { clock } = effects;
  const stop = new AbortController();
  const over = new AbortController();
  // Only the interval of a single pair is shown meanwhile; the report follows all of them in `replay`.
  const pairs = stopBy === null ? null : createSequentialPairs({ ...options, fine: options.variants === 2 });
  const raced = new Set(order);
  const added = new Set<number>();
  const failed = new Map<VariantRun, Set<number>>();
  let runs: readonly VariantRun[] = [];
  let startedAt: number | null = null;
  let end: "decided" | "budget" | null = null;
  let inside: readonly boolean[] = Array.from({ length: options.variants }, () => true);

  const stopFor = (reason: "decided" | "budget"): void => {
    end ??= reason;
    stop.abort(new Error(`the comparison has ended: ${reason}`));
  };
  const hasFailed = (run: VariantRun, row: number): boolean => failed.get(run)?.has(row) ?? false;
  const lossesOf = (
    row: number,
    truth: ClassMatrix,
    isIn: readonly boolean[],
  ): readonly (number | null | undefined)[] | null => {
    const isDone = (run: VariantRun): boolean => run.answered(row) || hasFailed(run, row);
    if (!runs.every((run, variant) => isDone(run) || (race !== null && isIn[variant] === false))) return null;
    return runs.map((run) => (run.answered(row) ? lossOf(run, row, truth) : isDone(run) ? null : undefined));
  };
  const addRow = (row: number): void => {
    if (pairs === null || stopBy === null || added.has(row) || !raced.has(row)) return;
    const losses = lossesOf(row, stopBy.truth, inside);
    if (losses === null) return;
    added.add(row);
    pairs.add(row, losses);
    if (pairs.isDecided()) stopFor("decided");
    if (race === null) return;
    const now = pairs.survivors();
    if (now.every((is, variant) => is === inside[variant])) return;
    inside = now;
    // Rows that waited for a variant that is out now are complete.
    for (const other of order) addRow(other);
  };
  const promptsSoFar = (): number =>
    sum(runs.map(({ folder: { state } }) => state.orders.ab.answered + state.orders.ba.answered));
  const spend = (): void => {
    if (race === null) return;
    const elapsed = clock.monotonic() - (startedAt ?? clock.monotonic());
    const { budget, ms } = race;
    if (budget.kind === "time" ? elapsed >= budget.ms : promptsSoFar() >= budget.prompts) stopFor("budget");
    if (ms !== null && elapsed >= ms) over.abort(new Error("the time of the comparison is over"));
  };
  const reportProgress = (): void => {
    startedAt ??= clock.monotonic();
    const done = promptsSoFar();
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
      spend();
    },
    onOutcome: (run, task, answered) => {
      if (!answered && !isAnswered(run.folder.state, task.row, task.order)) {
        failed.set(run, (failed.get(run) ?? new Set()).add(task.row));
      }
      addRow(task.row);
      reportProgress();
      spend();
    },
    stopped: stop.signal,
    over: over.signal,
    end: () => end,
    isIn: (run) => race === null || inside[runs.indexOf(run)] !== false,
    leader: () => {
      if (race === null || stopBy === null) return null;
      const losses = Array.from(order, (row) => lossesOf(row, stopBy.truth, inside) ?? []);
      const leader = leaderOf(losses, inside);
      return leader === null ? null : (runs[leader] ?? null);
    },
    failedRows: (run) => failed.get(run)?.size ?? 0,
    replay: () => (stopBy === null ? null : replay(options, (row, isIn) => lossesOf(row, stopBy.truth, isIn))),
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
