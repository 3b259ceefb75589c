import { resolve } from "node:path";
import { type Calibration, calibrationOf, formatCalibration, parseCalibration } from "../calibrate/file.ts";
import type { LabelledReadings } from "../calibrate/fit.ts";
import { priorWarning } from "../calibrate/refusal.ts";
import { type CalibrationStudy, studyCalibration } from "../calibrate/study.ts";
import type { VerdictTargets } from "../calibrate/verdict-rule.ts";
import { fitVerdictRules, splitForVerdicts, type VerdictRules } from "../calibrate/verdicts.ts";
import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { LabelledRows, LabelOptions } from "../evaluate/labelled.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createReportStep } from "../job/report-step.ts";
import { loadRunFolder } from "../runfolder/load-run-folder.ts";
import { type RunRows, takeRunRows } from "../runfolder/rows-file.ts";
import { calibrationOutput, canParse, judgeOf, openLabelledRun } from "./labelled-run.ts";

export interface CalibrateOptions extends LabelOptions {
  /** Folder of a run. */
  readonly run: string;
  /** The calibration file to write, .json. */
  readonly output: string;
  /** Replace the output if it exists and is no calibration. Default false. */
  readonly force?: boolean;
  /** Parts of the cross-validation. Default 10. */
  readonly folds?: number;
  /** Also fit sets of verdicts and a threshold, see VerdictTargets; omitted or null: neither. */
  readonly verdicts?: Pick<VerdictTargets, "coverage" | "maxError"> | null;
}

/** The calibration of a run and its gain; log losses in nats, on rows that were not fitted to. */
export interface CalibrationResult extends Omit<CalibrationStudy, "parameters" | "rows" | "seed" | "probabilities"> {
  /** The file that was written; null when it was refused. */
  readonly file: string | null;
  /** Why no file was written; null when calibration helps. */
  readonly refusal: string | null;
  /** A reason to doubt the calibrated judge; null when there is none. */
  readonly warning: string | null;
  readonly parameters: Calibration["parameters"];
  /** Rows with a reading and a label that the judge can give. */
  readonly rows: number;
  /** Rows that are left out, because they are labelled as ties and the judge knows none. */
  readonly ties: number;
  /** The rules of the file for sets of verdicts; null when they were not asked for, or no file was written. */
  readonly verdicts: VerdictRules | null;
}

/**
 * Fits a calibration to a labelled run, cross-validated by prompt, and writes its file unless it does not help. Throws
 * AbtieError("data") when the run or its labels cannot be used, and AbtieError("config") when the output has the name of another
 * kind of file.
 */
export async function calibrateRun(
  options: CalibrateOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<CalibrationResult> {
  const run = await loadRunFolder(resolve(effects.cwd, options.run));
  const output = await calibrationOutput(run, options, effects, isCalibration);
  await using labelled = await openLabelledRun(run, options, effects);
  const { rows: used, ties, truth, dataset } = labelled;
  createReportStep(used.length, effects)("fitting calibrations to all folds but one, in turn");
  const { folds, verdicts: asked = null } = options;
  if (asked !== null) refuseUnequalSample(labelled);
  const { seed } = run.config;
  const all: LabelledRun = { rows: takeRunRows(run.rows, used), truth, groups: labelled.groups };
  // The rules must hold for rows that the parameters have not seen, so that they get half of the prompts for themselves.
  const parts = asked === null ? null : splitForVerdicts(all.groups, seed);
  const study = studyCalibration(readingsOf(parts === null ? all : takeLabelled(all, parts.fit)), {
    seed,
    ...(folds === undefined ? {} : { folds }),
  });
  const verdicts =
    parts === null || asked === null || study.refusal !== null
      ? null
      : fitVerdictRules(
          study.parameters,
          readingsOf(fullAnswers(takeLabelled(all, parts.rules))),
          { ...asked, confidence: CONFIDENCE },
          seed,
        );

  const file = study.refusal === null ? output : null;
  if (file !== null) {
    await writeAtomic(file, formatCalibration(calibrationOf(study, dataset.sha256, judgeOf(run), verdicts)));
  }
  const { parameters, rows, seed: _, probabilities: __, ...numbers } = study;
  return {
    ...numbers,
    file,
    warning: priorWarning(study),
    parameters,
    ties,
    rows: rows.length,
    verdicts,
  };
}

/** Probability with which the threshold for accepted verdicts keeps its error. */
const CONFIDENCE = 0.9;

/** Rows of a run with their labels. */
interface LabelledRun {
  readonly rows: RunRows;
  readonly truth: ClassMatrix;
  readonly groups: Uint32Array;
}

function readingsOf({ rows, truth, groups }: LabelledRun): LabelledReadings {
  return { readings: rows.readings, truth, groups };
}

function takeLabelled({ rows, truth, groups }: LabelledRun, members: Uint32Array): LabelledRun {
  return {
    rows: takeRunRows(rows, members),
    truth: pickRows(truth, members),
    groups: members.map((row) => groups[row] as number),
  };
}

/** Keeps the rows that a rule is about: a run abstains from the others, see verdictOfRow. */
function fullAnswers(labelled: LabelledRun): LabelledRun {
  const { reasons, obtained } = labelled.rows;
  const full = Uint32Array.from(reasons.keys()).filter((row) => {
    return reasons[row] === null && (obtained[row] === "both-orders" || obtained[row] === "one-order");
  });
  return takeLabelled(labelled, full);
}

/** The rules count rows, so that each row must have been equally likely to be labelled. */
function refuseUnequalSample({ weights, dataset }: Pick<LabelledRows, "weights" | "dataset">): void {
  if (weights === null || Math.max(...weights) - Math.min(...weights) < 1e-9) return;
  throw new AbtieError(
    "data",
    `${dataset.path} is a sample with unequal inclusion probabilities, and sets of verdicts need rows that were equally likely: ` +
      "draw one with `abtie sample --uniform 1`, or leave out --coverage and --max-error",
  );
}

function isCalibration(text: string, path: string): boolean {
  return canParse(() => parseCalibration(text, path));
}
