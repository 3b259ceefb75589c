import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { parseJson } from "../files/json-lines.ts";
import { schemaProblems } from "../files/schema-problem.ts";
import type { AgreementData, ComparisonData } from "../report/data/comparison-data.ts";
import { renderComparison, renderComparisonMarkdown } from "../report/render-comparison.ts";
import type { Assessment } from "./assess.ts";
import type { Comparison } from "./conclude.ts";
import type { Measured } from "./measure.ts";

/** Version of the format of comparison.json. Version 1 had no agreement. */
const COMPARISON_FORMAT = 2;

/** The data of the report of a comparison, by labels or without. */
export type ComparisonReport = ComparisonData | AgreementData;

/**
 * The contents of comparison.json: the data of the report, and all other values that were computed for each variant.
 */
export type ComparisonDetails = ComparisonReport & {
  readonly format: typeof COMPARISON_FORMAT;
  readonly end: Comparison["end"];
  readonly files: Comparison["files"];
  readonly details: Readonly<Record<string, VariantDetails>>;
};

type VariantDetails = Pick<Measured, "mass" | "swap" | "shortened" | "startUpSeconds"> & {
  /** Null without labels. */
  readonly scores: {
    readonly noise: Assessment["noise"];
    readonly raw: Assessment["raw"]["evaluation"];
    readonly calibrated: {
      readonly evaluation: Assessment["raw"]["evaluation"];
      readonly kind: string;
      readonly parameters: object;
      readonly gain: object;
      readonly gainOverPrior: object;
    } | null;
  } | null;
};

/** Writes a comparison as JSON, as one HTML page and as Markdown. Throws AbtieError("data") when a file cannot be written. */
export async function writeComparison(comparison: Comparison): Promise<void> {
  const { files, report } = comparison;
  await writeAtomic(files.json, `${JSON.stringify(detailsOf(comparison), null, 2)}\n`);
  await writeComparisonReport(report, files);
}

/** Writes the report of a comparison as HTML and as Markdown. Throws AbtieError("data") when a file cannot be written. */
export async function writeComparisonReport(
  report: ComparisonReport,
  files: { readonly html: string; readonly markdown: string },
): Promise<void> {
  await writeAtomic(files.html, renderComparison(report));
  await writeAtomic(files.markdown, renderComparisonMarkdown(report));
}

/** Assembles the contents of comparison.json. Of the rows, it contains those on which variants disagree most. */
export function detailsOf(comparison: Comparison): ComparisonDetails {
  const { end, files, report, assessments } = comparison;
  const details: [string, VariantDetails][] =
    comparison.kind === "scores"
      ? comparison.assessments.map((one) => [one.name, { ...measuredDetails(one), scores: scoreDetails(one) }])
      : assessments.map((one) => [one.name, { ...measuredDetails(one), scores: null }]);
  return { format: COMPARISON_FORMAT, end, files, ...report, details: Object.fromEntries(details) };
}

function measuredDetails({ mass, swap, shortened, startUpSeconds }: Measured): Omit<VariantDetails, "scores"> {
  return { mass, swap, shortened, startUpSeconds };
}

function scoreDetails({ noise, raw, calibrated }: Assessment): NonNullable<VariantDetails["scores"]> {
  return {
    noise,
    raw: raw.evaluation,
    calibrated: calibrated === null ? null : { evaluation: calibrated.evaluation, ...studyDetails(calibrated.study) },
  };
}

function studyDetails({ kind, parameters, gain, gainOverPrior }: NonNullable<Assessment["calibrated"]>["study"]) {
  return { kind, parameters, gain, gainOverPrior };
}

const number = z.number();
const numberOrNull = z.number().nullable();
const estimate = z.object({ value: number, low: numberOrNull, high: numberOrNull });
const scores = z.object({
  name: z.string(),
  rows: number,
  logLoss: estimate,
  accuracy: estimate,
  brier: estimate,
  ece: number,
  eceWhenCalibrated: numberOrNull,
});
const perClass = z.union([z.tuple([number, number, number]), z.tuple([number, number])]);
const variantBase = z.object({
  name: z.string(),
  verdicts: perClass,
  meanProbabilities: perClass,
  mass: z.object({ median: number, p5: number }).nullable(),
  flipRate: estimate.nullable(),
  positionBias: numberOrNull,
  rescored: z.object({ rows: number, changed: estimate }).nullable(),
  tokensPerRow: number,
  secondsPerRow: number,
  jobMs: number,
  fits: z.boolean().nullable(),
});
const variant = variantBase.extend({ raw: scores, calibrated: scores.nullable(), gainOverPrior: estimate });
const disagreement = z.object({
  id: z.string(),
  first: perClass,
  second: perClass,
  distance: number,
  prompt: z.string(),
  responseA: z.string(),
  responseB: z.string(),
});
const agreement = z.object({
  first: z.string(),
  second: z.string(),
  share: estimate,
  kappa: estimate.nullable(),
  distance: number,
  verdicts: z.array(perClass),
  most: z.array(disagreement),
});
const pair = z.object({
  first: z.string(),
  second: z.string(),
  measure: z.enum(["raw", "calibrated"]),
  rows: number,
  difference: estimate,
  p: numberOrNull,
  adjustedP: numberOrNull,
  mcnemarP: numberOrNull,
  better: z.enum(["first", "second"]).nullable(),
  sentence: z.string(),
});
const race = z.object({
  winner: z.string(),
  isDecided: z.boolean(),
  rivals: z.array(z.string()),
  dropped: z.array(z.object({ name: z.string(), after: number })),
  asRaced: estimate.nullable(),
  corrected: z.object({ rows: number, logLoss: estimate, accuracy: estimate }).nullable(),
  prompts: z.object({ used: number, all: number }),
});
const path = z.object({
  first: z.string(),
  second: z.string(),
  looks: z.array(z.object({ rows: number, difference: estimate })),
});
const base = z.object({
  format: z.literal(COMPARISON_FORMAT),
  name: z.string(),
  program: z.string(),
  madeAt: number,
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
  rows: number,
  groups: number,
  job: z.object({ rows: number, deadlineMs: numberOrNull }),
  agreement: z.array(agreement),
  prefixCache: z.object({ looked: number, found: number, prepared: number, shared: number }).nullable(),
});
const comparisonSchema: z.ZodType<ComparisonReport> = z.discriminatedUnion("kind", [
  base.extend({
    kind: z.literal("scores"),
    priorLogLoss: number,
    variants: z.array(variant),
    pairs: z.array(pair),
    noiseFloor: numberOrNull,
    stopping: z.object({ stoppedAt: numberOrNull, available: number, paths: z.array(path) }).nullable(),
    // Earlier comparisons have none.
    race: race.nullable().default(null),
  }),
  base.extend({ kind: z.literal("agreement"), variants: z.array(variantBase) }),
]);

/**
 * Reads the data of a comparison's report from its folder; null when the folder contains an ordinary run, or no
 * comparison. Throws AbtieError("data") when comparison.json is damaged.
 */
export async function readComparison(folder: string): Promise<ComparisonReport | null> {
  const file = join(folder, "comparison.json");
  if ((await exists(join(folder, "manifest.json"))) || !(await exists(file))) return null;
  const parsed = comparisonSchema.safeParse(parseJson(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new AbtieError("data", `${file} is not what \`abtie compare\` writes: run the comparison again`, {
    details: schemaProblems(parsed.error.issues),
  });
}
