import { matrixOf, pickRows } from "../class-matrix.ts";
import { hits } from "../metrics/accuracy.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { sum } from "../numbers/sums.ts";
import type { Race } from "../report/data/comparison-data.ts";
import { estimateOf } from "../report/data/from-metrics.ts";
import { bootstrapMean } from "../stats/bootstrap.ts";
import type { Assessment } from "./assess.ts";
import type { Replay } from "./interim-looks.ts";
import type { FileLabels } from "./labels.ts";
import type { Monitor } from "./monitor.ts";
import type { RacePlan } from "./race.ts";
import type { VariantRun } from "./variant-run.ts";

/**
 * Describes a race for its report: the winner with its score on the held rows, which had no part in the choice, who was dropped
 * when, and what was spent. Null when no variant has a row.
 */
export function raceOf(options: {
  readonly runs: readonly VariantRun[];
  readonly plan: RacePlan;
  readonly monitor: Pick<Monitor, "leader" | "isIn">;
  readonly replayed: Pick<Replay, "outAfter" | "decidedAfter">;
  readonly labels: FileLabels;
  readonly assessments: readonly Assessment[];
  readonly seed: number;
}): Race | null {
  const { runs, plan, monitor, replayed, labels, assessments, seed } = options;
  const winner = monitor.leader();
  if (winner === null) return null;
  const own = assessments[runs.indexOf(winner)]?.raw.evaluation;
  const prompts = (run: VariantRun): number =>
    run.folder.state.orders.ab.answered + run.folder.state.orders.ba.answered;
  return {
    winner: winner.name,
    isDecided: replayed.decidedAfter !== null,
    rivals: runs.filter((run) => run !== winner && monitor.isIn(run)).map(({ name }) => name),
    dropped: runs.flatMap(({ name }, variant) => {
      const after = replayed.outAfter[variant] ?? null;
      return after === null ? [] : [{ name, after }];
    }),
    asRaced: own === undefined ? null : estimateOf(own.logLoss, [0, Number.POSITIVE_INFINITY]),
    corrected: correctedScore(winner, plan.held, labels, seed),
    prompts: {
      used: sum(runs.map(prompts)),
      all: sum(runs.map(({ orders }) => orders.length * (plan.race.length + plan.held.length))),
    },
  };
}

/** Estimates the score of the winner on rows that had no part in the choice; null when it answered too few of them. */
function correctedScore(
  { publisher, config, answered }: VariantRun,
  held: Uint32Array,
  { truth, groups }: FileLabels,
  seed: number,
): Race["corrected"] {
  const rows = held.filter(answered);
  if (rows.length === 0) return null;
  const judged = matrixOf(
    config.classes,
    Array.from(rows, (row) => publisher.outcome(row).probabilities),
  );
  const probabilities = clipProbabilities(judged, config.clip);
  const own = pickRows(truth, rows);
  const estimate = (values: Float64Array) =>
    bootstrapMean(
      values,
      rows.map((row) => groups[row] as number),
      { seed },
    );
  return {
    rows: rows.length,
    logLoss: estimateOf(estimate(logLosses(probabilities, own)), [0, Number.POSITIVE_INFINITY]),
    accuracy: estimateOf(estimate(hits(probabilities, own)), [0, 1]),
  };
}
