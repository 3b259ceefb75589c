import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { describeIssue } from "../files/schema-problem.ts";
import type { MeanEstimate } from "../stats/bootstrap.ts";
import { KINDS } from "./fit.ts";
import type { CalibrationStudy } from "./study.ts";
import type { VerdictRules } from "./verdicts.ts";

const VERSION = 2;
const Finite = z.number();
const Gain = z.strictObject({ mean: Finite, low: Finite, high: Finite });

const Numbers = z.union([z.tuple([Finite, Finite]).readonly(), z.tuple([Finite, Finite, Finite]).readonly()]);
const Share = Finite.min(0).max(1);
const Rule = z
  .strictObject({
    least: Numbers,
    accept: Finite.nullable(),
    rows: z.int().positive(),
    labels: Numbers,
    accepted: z.strictObject({ rows: z.int().min(0), errors: z.int().min(0), of: z.int().min(0) }),
  })
  .nullable();

/**
 * The calibration file: the parameters, the data to which they were fitted, and their gain on rows that were not used for the
 * fit.
 */
const CalibrationFile = z.strictObject({
  version: z.literal(VERSION),
  kind: z.enum(KINDS),
  parameters: z.strictObject({
    scale: Finite.min(0),
    bias: Numbers,
    first: Finite,
    both: Finite.min(0),
  }),
  trainedOn: z.strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    rows: z.int().positive(),
    groups: z.int().positive(),
  }),
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
  judge: z.strictObject({
    model: z.string(),
    template: z.string().regex(/^[0-9a-f]{64}$/),
    labels: z.strictObject({
      a: z.array(z.string()).readonly(),
      b: z.array(z.string()).readonly(),
      /** Absent for a judge that knows no tie. */
      tie: z.array(z.string()).readonly().optional(),
    }),
  }),
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

/** The part of a calibration file that every version has. */
const VersionedFile = z.object({ version: z.int() });

/** Writes a calibration as the text of its file. */
export function formatCalibration(calibration: Calibration): string {
  return `${JSON.stringify(calibration, null, 2)}\n`;
}

/** Reads the text of a calibration file. Throws AbtieError("config") that names the file and lists every wrong key. */
export function parseCalibration(text: string, path: string): Calibration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AbtieError("config", `${path}: expected a calibration file (JSON), found text that is not JSON`, {
      cause,
    });
  }
  const parsed = CalibrationFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const { version } = VersionedFile.safeParse(value).data ?? {};
  if (version !== undefined && version !== VERSION) {
    throw new AbtieError(
      "config",
      `${path} is a calibration file of version ${version}, and this abtie reads version ${VERSION}: make it again with \`abtie calibrate\``,
    );
  }
  const details = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "(the whole file)"}: ${describeIssue(issue)}`,
  );
  throw new AbtieError(
    "config",
    `${path}: not a calibration file of version ${VERSION}; make one with \`abtie calibrate\``,
    {
      details,
    },
  );
}

/** Lists the differences between a judge and the judge that a calibration was fitted to; empty when there are none. */
export function judgeMismatches(calibration: Calibration, judge: CalibratedJudge): string[] {
  const fitted = calibration.judge;
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
