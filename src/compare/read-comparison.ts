import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import type { ComparisonData } from "../report/data/comparison-data.ts";

/** Version of the format of comparison.json. */
export const COMPARISON_FORMAT = 1;

const known = z.number();
const unknown = z.number().nullable();
const estimate = z.object({ value: known, low: unknown, high: unknown });
const scores = z.object({
  name: z.string(),
  rows: known,
  ...{ logLoss: estimate, accuracy: estimate, brier: estimate },
  ece: known,
  eceWhenCalibrated: unknown,
});
const variant = z.object({
  name: z.string(),
  raw: scores,
  calibrated: scores.nullable(),
  gainOverPrior: estimate,
  mass: z.object({ median: known, p5: known }).nullable(),
  flipRate: estimate.nullable(),
  positionBias: unknown,
  ...{ tokensPerRow: known, secondsPerRow: known, jobMs: known },
  fits: z.boolean().nullable(),
});
const pair = z.object({
  ...{ first: z.string(), second: z.string() },
  measure: z.enum(["raw", "calibrated"]),
  rows: known,
  difference: estimate,
  ...{ p: unknown, adjustedP: unknown, mcnemarP: unknown },
  better: z.enum(["first", "second"]).nullable(),
  sentence: z.string(),
});
const path = z.object({
  ...{ first: z.string(), second: z.string() },
  looks: z.array(z.object({ rows: known, difference: estimate })),
});
const comparison: z.ZodType<ComparisonData> = z.object({
  format: z.literal(COMPARISON_FORMAT),
  ...{ name: z.string(), program: z.string(), madeAt: known },
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  ...{ notes: z.array(z.string()), warnings: z.array(z.string()) },
  ...{ rows: known, groups: known, priorLogLoss: known },
  job: z.object({ rows: known, deadlineMs: unknown }),
  ...{ variants: z.array(variant), pairs: z.array(pair), noiseFloor: unknown },
  prefixCache: z.object({ looked: known, found: known, prepared: known, shared: known }).nullable(),
  stopping: z.object({ stoppedAt: unknown, available: known, paths: z.array(path) }).nullable(),
});

/**
 * Reads what a comparison found from its folder; null when the folder is that of an ordinary run, or of none. Throws
 * AbtieError("data") when its file is damaged.
 */
export async function readComparison(folder: string): Promise<ComparisonData | null> {
  const file = join(folder, "comparison.json");
  if ((await exists(join(folder, "manifest.json"))) || !(await exists(file))) return null;
  const parsed = comparison.safeParse(parse(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new AbtieError("data", `${file} is not what \`abtie compare\` writes: run the comparison again`, {
    details: z.prettifyError(parsed.error).split("\n"),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
