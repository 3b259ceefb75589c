import { resolve } from "node:path";
import { z } from "zod";
import { type Calibration, calibrationOf, formatCalibration } from "../calibrate/file.ts";
import { priorWarning } from "../calibrate/refusal.ts";
import { type Candidate, studyCalibration } from "../calibrate/study.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { subjectOf } from "../evaluate/subject.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createReportStep } from "../job/report-step.ts";
import { modelName } from "../judge/model-name.ts";
import { type LoadedRun, loadRun } from "../runfolder/load-run.ts";
import type { MeanEstimate } from "../stats/bootstrap.ts";
import { openLabelsOf } from "./evaluate.ts";

export interface CalibrateOptions {
  /** Folder of a run. */
  readonly run: string;
  /** Labelled rows; left out or null, the run's own input. */
  readonly labels?: string | null;
  readonly truth?: "labels" | "votes" | null;
  /** The calibration file to write. */
  readonly output: string;
  /** Parts of the cross-validation. Default 10. */
  readonly folds?: number;
}

/** What calibrating a run would do; log losses in nats, on rows that were not fitted to. */
export interface CalibrationResult {
  /** The file that was written; null when it was refused. */
  readonly file: string | null;
  /** Why no file was written; null when it helps. */
  readonly refusal: string | null;
  /** What to know before using it; null when there is nothing. */
  readonly warning: string | null;
  readonly kind: Calibration["kind"];
  readonly parameters: Calibration["parameters"];
  readonly candidates: readonly Candidate[];
  /** Rows with a reading, and the different prompts among them. */
  readonly rows: number;
  readonly groups: number;
  readonly folds: number;
  /** Ways of dealing the prompts into folds, over which is averaged; and the gains that single ones would have shown. */
  readonly deals: number;
  readonly gainByDeal: { readonly low: number; readonly high: number };
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  readonly prior: MeanEstimate;
  readonly gain: MeanEstimate;
  readonly gainOverPrior: MeanEstimate;
}

/**
 * Fits a calibration to a labelled run, cross-validated by prompt, and writes its file unless it does not help. Throws
 * AbtieError("data") when the run or its labels cannot be used.
 */
export async function calibrateRun(
  options: CalibrateOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<CalibrationResult> {
  const run = await loadRun(resolve(effects.cwd, options.run));
  await using labelled = await openLabelsOf(subjectOf(run), options, effects);
  const { truth, groups } = labelled;
  if (run.rows.tokens.every((tokens) => tokens === 0)) {
    throw new AbtieError("data", `${run.folder} has no row that was scored: there is nothing to calibrate`);
  }
  const { seed } = run.config;
  createReportStep(truth.length / 3, effects)("fitting calibrations to all folds but one, in turn");
  const study = studyCalibration(
    { readings: run.rows.readings, truth, groups },
    { seed, ...(options.folds === undefined ? {} : { folds: options.folds }) },
  );
  const file = study.refusal === null ? resolve(effects.cwd, options.output) : null;
  if (file !== null) {
    await writeAtomic(file, formatCalibration(calibrationOf(study, labelled.dataset.sha256, judgeOf(run))));
  }
  const { kind, parameters, candidates, raw, calibrated, prior, gain, gainOverPrior } = study;
  return {
    ...{ file, refusal: study.refusal, warning: priorWarning(study), kind, candidates },
    parameters: { ...parameters, bias: [...parameters.bias] },
    ...{ rows: study.rows.length, groups: study.groups },
    ...{ folds: study.folds, deals: study.deals, gainByDeal: study.gainByDeal },
    ...{ raw, calibrated, prior, gain, gainOverPrior },
  };
}

const Texts = z.array(z.string());
const Labels = z.object({ a: Texts, b: Texts, tie: Texts });

/** Whose readings the run holds. */
function judgeOf({ manifest, config, folder }: LoadedRun): Calibration["judge"] {
  const labels = Labels.safeParse(manifest.labels);
  const template = manifest.hashes["template"];
  if (!labels.success || template === undefined) {
    throw new AbtieError(
      "data",
      `${folder}/manifest.json does not say which template and labels the run was made with`,
    );
  }
  return { model: modelName(config.engine), template, labels: labels.data };
}
