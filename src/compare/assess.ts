import { type CalibrationStudy, studyCalibration } from "../calibrate/study.ts";
import type { ClassMatrix } from "../class-matrix.ts";
import { matrixOf } from "../class-matrix.ts";
import { perClass } from "../classes.ts";
import { asWritten } from "../dataset/submission/clip-and-round.ts";
import { studySwap } from "../evaluate/raw-scores.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import { type LabelMass, labelMass } from "../metrics/label-mass.ts";
import type { SwapStudy } from "../metrics/swap.ts";
import { mean } from "../numbers/sums.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import { type RunState, readingOf } from "../runfolder/state/run-state.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Order } from "../types.ts";
import type { FileLabels, Labels } from "./labels.ts";
import { measureNoise, type Noise } from "./noise.ts";
import type { VariantRun } from "./variant-run.ts";

/** All scores of one variant that need labels, on the rows that all variants have answered. */
export interface Assessment {
  readonly name: string;
  readonly columns: RunRows;
  /**
   * The probabilities as submitted: with the calibration of the variant's config if it has one, clipped and rounded.
   */
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
  readonly mass: LabelMass | null;
  readonly swap: SwapStudy | null;
  /** Number of rows with a text that was shortened to fit. */
  readonly shortened: number;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Longest start of the variant's engine, s; null when the engine was never started. */
  readonly startUpSeconds: number | null;
  /** Noise of the raw and of the calibrated probabilities; null when no row was scored twice. */
  readonly noise: { readonly raw: Noise | null; readonly calibrated: Noise | null };
}

/**
 * Number of resamples for the intervals of one variant, and for the choice of its calibration. Only the comparison of
 * pairs needs more.
 */
const RESAMPLES = 4_000;
const STUDY_RESAMPLES = 1_000;
/** With fewer different prompts than this, no calibration is fitted. */
const FEWEST_PROMPTS = 10;

/** Computes all scores of a variant on some rows of the file. */
export function assess(
  run: VariantRun,
  options: {
    readonly rows: Uint32Array;
    /** The labels of the whole file, and the labels of `rows`. */
    readonly fileLabels: FileLabels;
    readonly labels: Omit<Labels, "ids">;
    readonly msPerRow: number;
    readonly seed: number;
  },
): Assessment {
  const { rows, fileLabels, labels, msPerRow, seed } = options;
  const { name, config, folder } = run;
  const { truth, groups } = labels;
  const bootstrap: BootstrapOptions = { seed, resamples: RESAMPLES };
  const columns = columnsOf(run, rows, fileLabels.ids);
  const score = (probabilities: ClassMatrix) => ({
    probabilities,
    evaluation: evaluate({ probabilities, truth, groups }, bootstrap),
  });
  const isEnough = new Set(groups).size >= FEWEST_PROMPTS;
  const study = isEnough
    ? studyCalibration({ readings: columns.readings, truth, groups }, { seed, resamples: STUDY_RESAMPLES })
    : null;
  return {
    name,
    columns,
    raw: score(asWritten(columns.probabilities, config.clip)),
    calibrated: study === null ? null : { ...score(clipProbabilities(study.probabilities, config.clip)), study },
    mass: labelMass(columns.mass),
    swap: studySwap({ rows: columns }, groups, bootstrap),
    shortened: columns.cutTokens.filter((tokens) => tokens > 0).length,
    tokensPerRow: mean(columns.tokens),
    secondsPerRow: msPerRow / 1000,
    startUpSeconds: folder.state.longestStartUpSeconds,
    noise: {
      raw: measureNoise(run, fileLabels, null, bootstrap),
      calibrated: study === null ? null : measureNoise(run, fileLabels, study.parameters, bootstrap),
    },
  };
}

/** Collects some of a variant's rows as columns. */
function columnsOf(
  { folder, publisher, config: { classes } }: VariantRun,
  rows: Uint32Array,
  ids: readonly string[],
): RunRows {
  const { state } = folder;
  const outcomes = Array.from(rows, (row) => publisher.outcome(row));
  const firstOrder = (row: number): Order => (readingOf(state, row, "ab") === null ? "ba" : "ab");
  const cutTokens = rows.map((row) => state.orders[firstOrder(row)].cutTokens[row] ?? 0);
  return {
    ids: Array.from(rows, (row) => ids[row] ?? ""),
    probabilities: matrixOf(
      classes,
      outcomes.map(({ probabilities }) => probabilities),
    ),
    obtained: outcomes.map(({ obtained }) => obtained),
    reasons: outcomes.map(({ reason }) => reason),
    readings: { ab: logProbsOf(state, rows, "ab"), ba: logProbsOf(state, rows, "ba") },
    mass: Float64Array.from(rows, (row) => readingOf(state, row, firstOrder(row))?.mass ?? Number.NaN),
    tokens: rows.map((row) => (state.orders.ab.tokens[row] ?? 0) + (state.orders.ba.tokens[row] ?? 0)),
    cutTokens,
    fullTokens: rows.map((row, index) => (state.orders[firstOrder(row)].tokens[row] ?? 0) + (cutTokens[index] ?? 0)),
  };
}

function logProbsOf(state: RunState, rows: Uint32Array, order: Order): ClassMatrix {
  const { classes } = state.orders[order].logProbs;
  const none = perClass(classes, () => Number.NaN);
  return matrixOf(
    classes,
    Array.from(rows, (row) => readingOf(state, row, order)?.logProbs ?? none),
  );
}
