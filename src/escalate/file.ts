import { z } from "zod";
import { type CalibratedJudge, FittedParameters, JudgeOfFile, NumbersOfFile, TrainedOn } from "../calibrate/file.ts";
import { KINDS } from "../calibrate/fit.ts";
import { formatVersioned, parseVersioned } from "../calibrate/versioned-file.ts";
import type { MeanEstimate } from "../stats/bootstrap.ts";
import { MOVES, POOLED } from "./model.ts";
import { COUNTS, type EscalationStudy } from "./study.ts";

const VERSION = 2;
const NotNegative = z.number().min(0);
const Estimate = z.strictObject({ mean: z.number(), low: z.number().nullable(), high: z.number().nullable() });

/** What a run that both judges have answered measured of their engines; null for what it did not. */
const Pilot = z.strictObject({
  /** Prompt tokens a second of each judge. */
  tokensPerSecond: z.tuple([z.number().positive(), z.number().positive()]).readonly().nullable(),
  /** Longest start of each engine, s; null for one that abtie did not start. */
  startUpSeconds: z.tuple([z.number().positive().nullable(), z.number().positive().nullable()]).readonly(),
});
export type Pilot = z.output<typeof Pilot>;

/** The pilot of a file of version 1, which knew the start of the second engine alone. */
const PilotOf1 = Pilot.extend({ startUpSeconds: z.number().positive().nullable() }).transform(
  ({ tokensPerSecond, startUpSeconds }): Pilot => ({ tokensPerSecond, startUpSeconds: [null, startUpSeconds] }),
);

/** The escalation file: how two judges are combined, what further answers bring, and what held-out rows say of it. */
const EscalationFile = z.strictObject({
  version: z.literal(VERSION),
  kinds: z.tuple([z.enum(KINDS), z.enum(KINDS)]).readonly(),
  model: z.strictObject({
    prior: NumbersOfFile,
    judges: z.tuple([FittedParameters, FittedParameters]).readonly(),
    weights: z.record(z.enum(POOLED), z.strictObject({ small: NotNegative, large: NotNegative })),
    falls: z.record(z.enum(MOVES), NotNegative),
  }),
  trainedOn: TrainedOn,
  outOfFold: z.strictObject({
    folds: z.int().min(2),
    repeats: z.int().positive(),
    seed: z.int(),
    level: z.number(),
    losses: z.record(z.enum(COUNTS), Estimate.nullable()),
    falls: z.record(z.enum(MOVES), Estimate.nullable()),
  }),
  judges: z.tuple([JudgeOfFile, JudgeOfFile]).readonly(),
  pilot: Pilot.nullable(),
});
export type EscalationCalibration = z.output<typeof EscalationFile>;

/** A file of version 1, which is read as one of this version. */
const EscalationFileOf1 = EscalationFile.extend({
  version: z.literal(1).transform((): typeof VERSION => VERSION),
  pilot: PilotOf1.nullable().default(null),
});

/** What a study does not know of its rows and judges. */
export interface StudiedData {
  /** Hash of the labelled data. */
  readonly sha256: string;
  readonly judges: readonly [small: CalibratedJudge, large: CalibratedJudge];
  readonly pilot: Pilot | null;
}

/** Makes the content of the file that a study found. Throws an Error when the study refused it, which is a bug of the caller. */
export function escalationOf(study: EscalationStudy, { sha256, judges, pilot }: StudiedData): EscalationCalibration {
  const { refusal, kinds, model, rows, groups, folds, repeats, seed, losses, falls } = study;
  if (refusal !== null) throw new Error(`a refused escalation must not be saved: ${refusal}`);
  return {
    version: VERSION,
    kinds,
    model,
    trainedOn: { sha256, rows, groups },
    outOfFold: {
      folds,
      repeats,
      seed,
      level: losses["10"]?.level ?? 0.95,
      losses: estimatesOf(losses),
      falls: estimatesOf(falls),
    },
    judges,
    pilot,
  };
}

/** Writes an escalation as the text of its file. */
export function formatEscalation(escalation: EscalationCalibration): string {
  return formatVersioned(escalation);
}

/** Reads the text of an escalation file. Throws AbtieError("config") that names the file and lists every wrong key. */
export function parseEscalation(text: string, path: string): EscalationCalibration {
  return parseVersioned(text, path, {
    schema: z.discriminatedUnion("version", [EscalationFile, EscalationFileOf1]),
    versions: [1, VERSION],
    name: "calibration file of two judges",
    command: "abtie calibrate",
  });
}

function estimatesOf<Key extends string>(
  estimates: Readonly<Record<Key, MeanEstimate | null>>,
): Record<Key, z.output<typeof Estimate> | null> {
  const entries = Object.entries<MeanEstimate | null>(estimates).map(([key, estimate]) => [
    key,
    estimate === null
      ? null
      : {
          mean: estimate.mean,
          low: estimate.error?.interval.low ?? null,
          high: estimate.error?.interval.high ?? null,
        },
  ]);
  return Object.fromEntries(entries) as Record<Key, z.output<typeof Estimate> | null>;
}
