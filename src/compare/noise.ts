import { applyCalibration, type Parameters } from "../calibrate/apply.ts";
import { type ClassMatrix, matrixOf, pickRows } from "../class-matrix.ts";
import { answersOf } from "../job/answers.ts";
import type { RowAnswers } from "../judge/outcome.ts";
import { agreementOf } from "../metrics/agreement.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Rescoring, rescoringNoise } from "../metrics/rescoring.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import type { PerClass } from "../types.ts";
import type { FileLabels } from "./labels.ts";
import type { VariantRun } from "./variant-run.ts";

/** The noise of a variant, measured on rows that were scored twice. */
export interface Noise extends Rescoring {
  readonly rows: number;
}

/** The share of the verdicts that changed when the same rows were scored again. */
export interface Changed {
  readonly rows: number;
  readonly share: number;
  readonly interval: Interval;
}

type RescoredRun = Pick<VariantRun, "folder" | "again" | "answered" | "orders" | "aggregate" | "config">;

/**
 * Measures how much the log loss of a variant changes when the same rows are scored again. With `parameters`, measures
 * the log loss of calibrated probabilities, otherwise that of the probabilities as written. Null when no row was scored
 * twice.
 */
export function measureNoise(
  run: RescoredRun,
  { truth, groups, rows }: Pick<FileLabels, "truth" | "groups" | "rows">,
  parameters: Parameters | null,
  options: BootstrapOptions,
): Noise | null {
  const twice = rowsScoredTwice(run, rows);
  if (twice.length === 0) return null;
  const labels = { truth: pickRows(truth, twice), groups: twice.map((row) => groups[row] as number) };
  const [once, again] = bothScorings(run, twice, parameters);
  return { rows: twice.length, ...rescoringNoise(once, again, labels, options) };
}

/** Counts the verdicts that changed when the same rows were scored again; null when no row was scored twice. */
export function countChanged(run: RescoredRun, groups: Uint32Array): Changed | null {
  const twice = rowsScoredTwice(
    run,
    Uint32Array.from({ length: groups.length }, (_, row) => row),
  );
  if (twice.length === 0) return null;
  const [once, again] = bothScorings(run, twice, null);
  const { share, shareInterval } = agreementOf(
    once,
    again,
    twice.map((row) => groups[row] as number),
  );
  return {
    rows: twice.length,
    share: 1 - share,
    interval: { low: 1 - shareInterval.high, high: 1 - shareInterval.low },
  };
}

function rowsScoredTwice({ again, answered, orders }: RescoredRun, rows: Uint32Array): Uint32Array {
  return rows.filter((row) => {
    const answers = answersOf(again.state, row);
    return answered(row) && orders.every((order) => answers[order] !== null);
  });
}

/** Computes the clipped probabilities of rows from the first scoring and from the second. */
function bothScorings(
  { folder, again, aggregate, config }: RescoredRun,
  rows: Uint32Array,
  parameters: Parameters | null,
): readonly [once: ClassMatrix, again: ClassMatrix] {
  const probabilitiesOf = ({ ab, ba }: RowAnswers): PerClass =>
    parameters === null
      ? aggregate({ ab, ba }).probabilities
      : applyCalibration(parameters, { ab: ab?.logProbs ?? null, ba: ba?.logProbs ?? null });
  const clipped = (state: RunState): ClassMatrix =>
    clipProbabilities(
      matrixOf(
        config.classes,
        Array.from(rows, (row) => probabilitiesOf(answersOf(state, row))),
      ),
      config.clip,
    );
  return [clipped(folder.state), clipped(again.state)];
}
