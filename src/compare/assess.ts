import { type CalibrationStudy, studyCalibration } from "../calibrate/study.ts";
import { studySwap } from "../evaluate/raw-scores.ts";
import { asWritten } from "../evaluate/subject.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import { type LabelMass, labelMass } from "../metrics/label-mass.ts";
import type { SwapStudy } from "../metrics/swap.ts";
import { mean } from "../numbers/sums.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import { takeColumns } from "./common-rows.ts";
import { measureNoise, type Noise } from "./noise.ts";
import type { VariantRun } from "./variant-run.ts";

/** What labels say about one variant, on the rows that all variants have answered. */
export interface Assessment {
  readonly name: string;
  readonly columns: RunRows;
  /** As submitted: clipped and rounded, after the calibration of its config if it has one. */
  readonly raw: { readonly probabilities: Float64Array; readonly evaluation: Evaluation };
  /** Fitted to the readings and predicted out of fold, clipped; null with too few prompts. */
  readonly calibrated: {
    readonly probabilities: Float64Array;
    readonly evaluation: Evaluation;
    readonly study: CalibrationStudy;
  } | null;
  readonly mass: LabelMass | null;
  readonly swap: SwapStudy | null;
  /** Rows whose text was shortened to fit. */
  readonly shortened: number;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Of its engine, seconds; null when that was never started. */
  readonly startUpSeconds: number | null;
  /** Of the raw and of the calibrated probabilities; null when nothing was scored twice. */
  readonly noise: { readonly raw: Noise | null; readonly calibrated: Noise | null };
}

export interface Labels {
  readonly ids: readonly string[];
  readonly truth: Float64Array;
  readonly groups: Uint32Array;
}

/** Resamples for the intervals of one variant, and of the choice of its calibration: only differences decide anything. */
const RESAMPLES = 4_000;
const STUDY_RESAMPLES = 1_000;
/** Calibration on fewer prompts says nothing. */
const FEWEST_PROMPTS = 10;

/** Assesses a variant on some rows of the file. `all` are the labels of the file, `labels` those of the rows. */
export function assess(
  contestant: VariantRun,
  rows: Uint32Array,
  all: Labels,
  labels: Omit<Labels, "ids">,
  cost: { readonly msPerRow: number },
  { seed }: { readonly seed: number },
): Assessment {
  const options: BootstrapOptions = { seed, resamples: RESAMPLES };
  const { name, config, folder } = contestant;
  const { truth, groups } = labels;
  const columns = takeColumns(contestant, rows, all.ids);
  const score = (probabilities: Float64Array) => ({
    probabilities,
    evaluation: evaluate({ probabilities, truth, groups }, options),
  });
  const fits = new Set(groups).size >= FEWEST_PROMPTS;
  const study = fits
    ? studyCalibration({ readings: columns.readings, truth, groups }, { seed, resamples: STUDY_RESAMPLES })
    : null;
  const tokensPerRow = mean(columns.tokens);
  return {
    name,
    columns,
    raw: score(asWritten(columns.probabilities, config.clip)),
    calibrated: study === null ? null : { ...score(clipProbabilities(study.probabilities, config.clip)), study },
    mass: labelMass(columns.mass),
    swap: studySwap({ rows: columns }, groups, options),
    shortened: columns.cutTokens.filter((tokens) => tokens > 0).length,
    tokensPerRow,
    secondsPerRow: cost.msPerRow / 1000,
    startUpSeconds: folder.state.longestStartUpSeconds,
    noise: {
      raw: measureNoise(contestant, all, null, options),
      calibrated: study === null ? null : measureNoise(contestant, all, study.parameters, options),
    },
  };
}
