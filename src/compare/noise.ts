import { applyCalibration, type Parameters } from "../calibrate/apply.ts";
import type { ClassMatrix } from "../class-matrix.ts";
import { matrixOf, pickRows } from "../class-matrix.ts";
import { answersOf } from "../job/answers.ts";
import type { RowAnswers } from "../judge/outcome.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Rescoring, rescoringNoise } from "../metrics/rescoring.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { PerClass } from "../types.ts";
import type { FileLabels } from "./labels.ts";
import type { VariantRun } from "./variant-run.ts";

/** The noise of a variant, measured on rows that were scored twice. */
export interface Noise extends Rescoring {
  readonly rows: number;
}

/**
 * Measures how much the log loss of a variant changes when the same rows are scored again. With `parameters`, measures
 * the log loss of calibrated probabilities, otherwise that of the probabilities as written. Null when no row was scored
 * twice.
 */
export function measureNoise(
  run: Pick<VariantRun, "folder" | "again" | "answered" | "orders" | "aggregate" | "config">,
  { truth, groups, rows }: Pick<FileLabels, "truth" | "groups" | "rows">,
  parameters: Parameters | null,
  options: BootstrapOptions,
): Noise | null {
  const { folder, again, answered, orders, aggregate, config } = run;
  const twice = rows.filter((row) => {
    const answers = answersOf(again.state, row);
    return answered(row) && orders.every((order) => answers[order] !== null);
  });
  if (twice.length === 0) return null;
  const probabilitiesOf = ({ ab, ba }: RowAnswers): PerClass =>
    parameters === null
      ? aggregate({ ab, ba }).probabilities
      : applyCalibration(parameters, { ab: ab?.logProbs ?? null, ba: ba?.logProbs ?? null });
  const clipped = (state: typeof folder.state): ClassMatrix =>
    clipProbabilities(
      matrixOf(
        truth.classes,
        Array.from(twice, (row) => probabilitiesOf(answersOf(state, row))),
      ),
      config.clip,
    );
  const labels = { truth: pickRows(truth, twice), groups: twice.map((row) => groups[row] as number) };
  return { rows: twice.length, ...rescoringNoise(clipped(folder.state), clipped(again.state), labels, options) };
}
