import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { parseJson } from "../files/json-lines.ts";
import { schemaProblems } from "../files/schema-problem.ts";
import type { ComparisonData } from "../report/data/comparison-data.ts";
import { renderComparison, renderComparisonMarkdown } from "../report/render-comparison.ts";
import type { Assessment } from "./assess.ts";
import type { Comparison } from "./conclude.ts";

/** Version of the format of comparison.json. */
const COMPARISON_FORMAT = 1;

/**
 * The contents of comparison.json: the data of the report, and all other values that were computed for each variant.
 */
export interface ComparisonDetails extends ComparisonData {
  readonly format: typeof COMPARISON_FORMAT;
  readonly end: Comparison["end"];
  readonly files: Comparison["files"];
  readonly details: Readonly<Record<string, VariantDetails>>;
}

type VariantDetails = Pick<Assessment, "mass" | "swap" | "shortened" | "startUpSeconds" | "noise"> & {
  readonly raw: Assessment["raw"]["evaluation"];
  readonly calibrated: {
    readonly evaluation: Assessment["raw"]["evaluation"];
    readonly kind: string;
    readonly parameters: object;
    readonly gain: object;
    readonly gainOverPrior: object;
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
  report: ComparisonData,
  files: { readonly html: string; readonly markdown: string },
): Promise<void> {
  await writeAtomic(files.html, renderComparison(report));
  await writeAtomic(files.markdown, renderComparisonMarkdown(report));
}

/** Assembles the contents of comparison.json, which does not contain the rows. */
export function detailsOf({ end, files, report, assessments }: Comparison): ComparisonDetails {
  return {
    format: COMPARISON_FORMAT,
    end,
    files,
    ...report,
    details: Object.fromEntries(assessments.map((assessment) => [assessment.name, variantDetails(assessment)])),
  };
}

function variantDetails(assessment: Assessment): VariantDetails {
  const { raw, calibrated, mass, swap, shortened, startUpSeconds, noise } = assessment;
  return {
    mass,
    swap,
    shortened,
    startUpSeconds,
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
const variant = z.object({
  name: z.string(),
  raw: scores,
  calibrated: scores.nullable(),
  gainOverPrior: estimate,
  mass: z.object({ median: number, p5: number }).nullable(),
  flipRate: estimate.nullable(),
  positionBias: numberOrNull,
  tokensPerRow: number,
  secondsPerRow: number,
  jobMs: number,
  fits: z.boolean().nullable(),
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
const path = z.object({
  first: z.string(),
  second: z.string(),
  looks: z.array(z.object({ rows: number, difference: estimate })),
});
const comparisonSchema: z.ZodType<ComparisonData> = z.object({
  format: z.literal(COMPARISON_FORMAT),
  name: z.string(),
  program: z.string(),
  madeAt: number,
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
  rows: number,
  groups: number,
  priorLogLoss: number,
  job: z.object({ rows: number, deadlineMs: numberOrNull }),
  variants: z.array(variant),
  pairs: z.array(pair),
  noiseFloor: numberOrNull,
  prefixCache: z.object({ looked: number, found: number, prepared: number, shared: number }).nullable(),
  stopping: z.object({ stoppedAt: numberOrNull, available: number, paths: z.array(path) }).nullable(),
});

/**
 * Reads the data of a comparison's report from its folder; null when the folder contains an ordinary run, or no
 * comparison. Throws AbtieError("data") when comparison.json is damaged.
 */
export async function readComparison(folder: string): Promise<ComparisonData | null> {
  const file = join(folder, "comparison.json");
  if ((await exists(join(folder, "manifest.json"))) || !(await exists(file))) return null;
  const parsed = comparisonSchema.safeParse(parseJson(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new AbtieError("data", `${file} is not what \`abtie compare\` writes: run the comparison again`, {
    details: schemaProblems(parsed.error.issues),
  });
}
