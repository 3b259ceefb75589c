import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import type { ComparisonDetails } from "../../src/compare/comparison-file.ts";
import { DEFAULT_COLUMNS } from "../../src/types.ts";
import { inProcess, type Said } from "../helpers/in-process.ts";
import { type Job, writeJob } from "../helpers/job.ts";
import { seeded } from "../helpers/random.ts";

/** A template whose prompts differ from those of the job's own, so that the fake gives other probabilities. */
export const OTHER_TEMPLATE = `---
description: Other words for tests.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Verdict:"
---
{{ prompt }}
1: {{ response_a }}
2: {{ response_b }}
`;

/**
 * Writes a job whose labels are drawn from the probabilities of its own template: that template is calibrated, and any other,
 * such as `other.jinja`, predicts nothing.
 */
export async function writeLabelledJob(options: Parameters<typeof writeJob>[0]): Promise<Job> {
  const job = await writeJob(options);
  await writeFile(join(job.folder, "other.jinja"), OTHER_TEMPLATE);
  const { status, stderr } = await inProcess(["run", "job.yaml", "--run", "truth"], job.folder);
  if (status !== 0) throw new Error(stderr);
  const predicted = readTable(join(job.folder, "truth/submission.csv"));
  const random = seeded(3);
  const rows = readTable(join(job.folder, "rows.csv")).map((row, index) => {
    const drawn = random();
    const [a = 0, b = 0] = DEFAULT_COLUMNS.labels.map((name) => Number(predicted[index]?.[name]));
    const truth = drawn < a ? 0 : drawn < a + b ? 1 : 2;
    return {
      ...row,
      ...Object.fromEntries(DEFAULT_COLUMNS.labels.map((name, label) => [name, label === truth ? "1" : "0"])),
    };
  });
  await writeFile(join(job.folder, "rows.csv"), stringify(rows, { header: true }));
  return job;
}

/** Compares the job's own template with the other one. */
export function compareTemplates(job: Job, ...flags: readonly string[]): Promise<Said> {
  return inProcess(["compare", "job.yaml", "-t", "./template.jinja", "-t", "./other.jinja", ...flags], job.folder);
}

/** Reads a CSV file as records. */
export function readTable(file: string): Record<string, string>[] {
  return parse(readFileSync(file, "utf8"), { columns: true });
}

/** comparison.json of a comparison by labels. */
export type ScoredDetails = Extract<ComparisonDetails, { kind: "scores" }>;
