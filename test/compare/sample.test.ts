import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { DEFAULT_COLUMNS } from "../../src/types.ts";
import { attachTo, startJudge } from "../helpers/job.ts";
import { compareTemplates, readTable, type ScoredDetails, writeLabelledJob } from "./compared.ts";

test("compares on a labelled sample with the weight of each row, and refuses to stop early on it", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 30 });
  const path = join(job.folder, "rows.csv");
  const rows = readTable(path).map((row, index) => ({ ...row, inclusion_probability: String(0.1 + (index % 5) / 10) }));
  await writeFile(path, stringify(rows, { header: true }));
  const early = await compareTemplates(job, "--early-stop");
  expect(early).toMatchObject({ status: 3 });
  expect(early.stderr).toContain("leave out --early-stop");
  const { status, stderr } = await compareTemplates(job);
  expect(status).toBe(0);
  expect(stderr).toContain("weight each row by its inverse inclusion probability");
  const comparison = JSON.parse(readFileSync(join(job.folder, "run/comparison.json"), "utf8")) as ScoredDetails;
  const means = ["template", "other"].map((name) => {
    const submitted = readTable(join(job.folder, "run", name, "submission.csv"));
    let [sum, weights] = [0, 0];
    for (const [index, row] of readTable(path).entries()) {
      const [winner = ""] = DEFAULT_COLUMNS.labels.filter((label) => row[label] === "1");
      sum -= Math.log(Number(submitted[index]?.[winner])) / Number(row["inclusion_probability"]);
      weights += 1 / Number(row["inclusion_probability"]);
    }
    return sum / weights;
  });
  for (const [index, { raw }] of comparison.variants.entries()) {
    expect(raw.logLoss.value).toBeCloseTo(means[index] ?? Number.NaN, 9);
  }
  expect(comparison.pairs[0]).toMatchObject({ mcnemarP: null });
});
