import { type CalibrationStudy, studyCalibration } from "../calibrate/study.ts";
import type { ClassMatrix } from "../class-matrix.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { FileLabels, Labels } from "./labels.ts";
import { type Measured, type MeasuredRows, measure } from "./measure.ts";
import { measureNoise, type Noise } from "./noise.ts";
import type { VariantRun } from "./variant-run.ts";

/** All scores of one variant that need labels, on the rows that all variants have answered. */
export interface Assessment extends Measured {
  /** Scores of the probabilities as submitted. */
  readonly raw: { readonly probabilities: ClassMatrix; readonly evaluation: Evaluation };
  /**
   * Probabilities from a calibration that is fitted to the readings and predicts rows on which it was not fitted (out
   * of fold), clipped; null with fewer than 10 prompts.
   */
  readonly calibrated: {
    readonly probabilities: ClassMatrix;
    readonly evaluation: Evaluation;
    readonly study: CalibrationStudy;
  } | null;
  /** Noise of the raw and of the calibrated probabilities; null when no row was scored twice. */
  readonly noise: { readonly raw: Noise | null; readonly calibrated: Noise | null };
}

/**
 * Number of resamples for the intervals of one variant, and for the choice of its calibration. Only the comparison of
 * pairs needs more.
 */
export const RESAMPLES = 4_000;
const STUDY_RESAMPLES = 1_000;
/** With fewer different prompts than this, no calibration is fitted. */
const FEWEST_PROMPTS = 10;

/** Computes all scores of a variant on some rows of the file. */
export function assess(
  run: VariantRun,
  measured: MeasuredRows,
  options: {
    /** The labels of the whole file, and the labels of the measured rows. */
    readonly fileLabels: FileLabels;
    readonly labels: Omit<Labels, "ids">;
    readonly msPerRow: number;
    readonly seed: number;
  },
): Assessment {
  const { fileLabels, labels, msPerRow, seed } = options;
  const { truth, groups, weights } = labels;
  const bootstrap: BootstrapOptions = { seed, resamples: RESAMPLES };
  const base = measure(run, measured, { msPerRow, bootstrap });
  const score = (probabilities: ClassMatrix) => ({
    probabilities,
    evaluation: evaluate({ probabilities, truth, groups, weights }, bootstrap),
  });
  const isEnough = new Set(groups).size >= FEWEST_PROMPTS;
  const study = isEnough
    ? studyCalibration({ readings: base.columns.readings, truth, groups }, { seed, resamples: STUDY_RESAMPLES })
    : null;
  return {
    ...base,
    raw: score(base.written),
    calibrated: study === null ? null : { ...score(clipProbabilities(study.probabilities, run.config.clip)), study },
    noise: {
      raw: measureNoise(run, fileLabels, null, bootstrap),
      calibrated: study === null ? null : measureNoise(run, fileLabels, study.parameters, bootstrap),
    },
  };
}
