import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Dataset, openDataset } from "../../src/dataset/open-dataset.ts";

const FOLDER = process.env["ABTIE_DATA"] ?? join(import.meta.dirname, "../../../shared/data");

/** Facts about a file, found with Python's csv and json modules; see make_golden.py. */
interface Figures {
  readonly rows: number;
  readonly sha256: string;
  readonly content: string;
  readonly labels: readonly number[];
  readonly votes: readonly number[];
  readonly prompts: number;
  readonly nullTurn: number;
  readonly identicalResponses: number;
  readonly duplicateRow: number;
  readonly lastLine: number;
}

test.for(["pandalm.csv", "vicuna80.csv"])("reads %s as Python does", async (name, context) => {
  const path = join(FOLDER, name);
  if (!existsSync(path)) return context.skip(`no ${name}: set ABTIE_DATA to the folder of the preference data`);
  const golden = await readGolden(name);
  await using dataset = await openDataset(path);
  expect(dataset.ids).toHaveLength(golden.rows);
  expect(dataset.sha256).toBe(golden.sha256);
  expect(await hashContent(dataset)).toBe(golden.content);
  expect(totals(dataset)).toEqual(golden.labels);
  expect(new Set(dataset.groups).size).toBe(golden.prompts);
  expect(dataset.lines.at(-1)).toBe(golden.lastLine);
  for (const kind of ["nullTurn", "identicalResponses", "duplicateRow"] as const) {
    expect(dataset.anomalies[kind].count).toBe(golden[kind]);
  }
  await using voted = await openDataset(path, { truth: "votes" });
  for (const [at, total] of totals(voted).entries()) expect(total).toBeCloseTo(golden.votes[at] ?? 0, 9);
});

async function readGolden(name: string): Promise<Figures> {
  const path = join(import.meta.dirname, "../fixtures/dataset/golden.json");
  return JSON.parse(await readFile(path, "utf8")).real[name];
}

async function hashContent(dataset: Dataset): Promise<string> {
  const hash = createHash("sha256");
  const rows = await Promise.all(dataset.ids.map((_, index) => dataset.read(index)));
  for (const row of rows) hash.update(`${JSON.stringify([row.id, row.prompts, row.responsesA, row.responsesB])}\n`);
  return hash.digest("hex");
}

function totals({ truth }: Dataset): readonly number[] {
  return [0, 1, 2].map((column) =>
    [...(truth?.values ?? [])].filter((_, at) => at % 3 === column).reduce((sum, weight) => sum + weight, 0),
  );
}
