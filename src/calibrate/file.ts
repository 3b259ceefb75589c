import { z } from "zod";
import type { MeanEstimate } from "../stats/bootstrap.ts";
import { KINDS } from "./fit.ts";
import type { CalibrationStudy } from "./study.ts";
import type { VerdictRules } from "./verdicts.ts";
import { formatVersioned, parseVersioned } from "./versioned-file.ts";

const VERSION = 2;
const Finite = z.number();
const Gain = z.strictObject({ mean: Finite, low: Finite, high: Finite });

/** Numbers by class, in a file. */
export const NumbersOfFile = z.union([
  z.tuple([Finite, Finite]).readonly(),
  z.tuple([Finite, Finite, Finite]).readonly(),
]);
const Share = Finite.min(0).max(1);
const Rule = z
  .strictObject({
    least: NumbersOfFile,
    accept: Finite.nullable(),
    rows: z.int().positive(),
    labels: NumbersOfFile,
    accepted: z.strictObject({ rows: z.int().min(0), errors: z.int().min(0), of: z.int().min(0) }),
  })
  .nullable();

/** The parameters of a calibration, in a file. */
export const FittedParameters = z.strictObject({
  scale: Finite.min(0),
  bias: NumbersOfFile,
  first: Finite,
  both: Finite.min(0),
});

/** The rows that were fitted to, in a file. */
export const TrainedOn = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.int().positive(),
  groups: z.int().positive(),
});

/** The judge whose log probabilities were fitted to, in a file. */
export const JudgeOfFile = z.strictObject({
  model: z.string(),
  template: z.string().regex(/^[0-9a-f]{64}$/),
  labels: z.strictObject({
    a: z.array(z.string()).readonly(),
    b: z.array(z.string()).readonly(),
    /** Absent for a judge that knows no tie. */
    tie: z.array(z.string()).readonly().optional(),
  }),
});

/**
 * The calibration file: the parameters, the data to which they were fitted, and their gain on rows that were not used for the
 * fit.
 */
const CalibrationFile = z.strictObject({
  version: z.literal(VERSION),
  kind: z.enum(KINDS),
  parameters: FittedParameters,
  trainedOn: TrainedOn,
  outOfFold: z.strictObject({
    folds: z.int().min(2),
    repeats: z.int().positive(),
    seed: z.int(),
    raw: Finite,
    calibrated: Finite,
    prior: Finite,
    level: Finite,
    gain: Gain,
    gainOverPrior: Gain,
  }),
  /** The rules for sets of verdicts and for accepted verdicts; absent when they were not asked for. */
  verdicts: z
    .strictObject({ coverage: Share, maxError: Share, confidence: Share, oneOrder: Rule, bothOrders: Rule })
    .optional(),
  judge: JudgeOfFile,
});
export type Calibration = z.output<typeof CalibrationFile>;

/** The judge whose log probabilities a calibration was fitted to. The calibration is not valid for any other judge. */
export type CalibratedJudge = Calibration["judge"];

/** Makes the calibration that a study found. Throws an Error when the study refused it, which is a bug of the caller. */
export function calibrationOf(
  study: CalibrationStudy,
  sha256: string,
  judge: CalibratedJudge,
  verdicts: VerdictRules | null = null,
): Calibration {
  if (study.refusal !== null) throw new Error(`a refused calibration must not be saved: ${study.refusal}`);
  return {
    version: VERSION,
    kind: study.kind,
    parameters: study.parameters,
    trainedOn: { sha256, rows: study.rows.length, groups: study.groups },
    outOfFold: {
      folds: study.folds,
      repeats: study.repeats,
      seed: study.seed,
      raw: study.raw.mean,
      calibrated: study.calibrated.mean,
      prior: study.prior.mean,
      level: study.gain.level,
      gain: gainOf(study.gain),
      gainOverPrior: gainOf(study.gainOverPrior),
    },
    ...(verdicts === null ? {} : { verdicts }),
    judge,
  };
}

/** Writes a calibration as the text of its file. */
export function formatCalibration(calibration: Calibration): string {
  return formatVersioned(calibration);
}

/** Reads the text of a calibration file. Throws AbtieError("config") that names the file and lists every wrong key. */
export function parseCalibration(text: string, path: string): Calibration {
  return parseVersioned(text, path, {
    schema: CalibrationFile,
    versions: [VERSION],
    name: "calibration file",
    command: "abtie calibrate",
  });
}

/** Lists the differences between a judge and the judge that was fitted to; empty when there are none. */
export function judgeMismatches(fitted: CalibratedJudge, judge: CalibratedJudge): string[] {
  const mismatches: string[] = [];
  if (fitted.model !== judge.model)
    mismatches.push(`the model is ${judge.model}, the calibration is for ${fitted.model}`);
  if (fitted.template !== judge.template)
    mismatches.push("the template differs from the one that the calibration was fitted to");
  if (JSON.stringify(fitted.labels) !== JSON.stringify(judge.labels)) {
    mismatches.push("the label texts differ from those that the calibration was fitted to");
  }
  return mismatches;
}

function gainOf({ mean, error }: MeanEstimate): { mean: number; low: number; high: number } {
  if (error === null) throw new Error("a calibration without an interval of its gain must not be saved");
  return { mean, ...error.interval };
}
