import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ComparisonDetails } from "../../src/compare/comparison-file.ts";
import { abtie, serversAlive } from "./engine.ts";

const DATA = join(resolve(process.env["ABTIE_DATA"] ?? "../shared/data"), "pandalm.csv");
const missing = existsSync(DATA) ? null : `${DATA} is not there: name its folder in ABTIE_DATA`;
if (missing !== null) process.stderr.write(`skipped: compare on real rows (${missing})\n`);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-compare-"));
  if (missing === null) await writeFile(join(folder, "rows.csv"), await shortestRows(200));
  await writeFile(join(folder, "job.yaml"), "input: rows.csv\nengine: cpu-smollm2\nrun: runs\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two cores read a few hundred tokens a second: the shortest rows of the file, in its order. */
async function shortestRows(count: number): Promise<string> {
  const rows = parse(await readFile(DATA), { columns: true }) as Record<string, string>[];
  const length = ({ prompt, response_a, response_b }: Record<string, string>): number =>
    `${prompt}${response_a}${response_b}`.length;
  const short = new Set([...rows].sort((one, other) => length(one) - length(other)).slice(0, count));
  return stringify(
    rows.filter((row) => short.has(row)),
    { header: true },
  );
}

test.skipIf(missing !== null)(
  "two shipped templates on 200 real rows: table, report and journals; run again it resumes",
  async () => {
    const args = ["compare", "job.yaml", "-t", "rules", "-t", "notebook", "--deadline", "9h"];
    const first = await abtie(args, { cwd: folder });
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/^200 rows with \d+ prompts, answered by every variant\n/);
    expect(first.stdout).toMatch(/\nLog loss, calibrated +\d\.\d+ \(.*\) +\d\.\d+ \(.*\)\n/);
    expect(first.stdout).toMatch(/\n25,000 rows .*\nFits 9h00m +(yes|no) +(yes|no)\n/);
    expect(first.stdout).toMatch(/\nrules (and notebook|is better)|\nnotebook is better/);
    const details = JSON.parse(await readFile(join(folder, "runs/comparison.json"), "utf8")) as Extract<
      ComparisonDetails,
      { kind: "scores" }
    >;
    expect(details).toMatchObject({ end: "done", rows: 200, noiseFloor: expect.any(Number) });
    for (const { name, tokensPerRow, secondsPerRow, mass } of details.variants) {
      expect(tokensPerRow).toBeGreaterThan(50);
      expect(secondsPerRow).toBeGreaterThan(0);
      expect(mass?.median).toBeGreaterThan(0.01);
      const journal = await readFile(join(folder, "runs", name, "journal.jsonl"), "utf8");
      expect(journal.split("\n").filter((line) => line.includes('"event":"row"'))).toHaveLength(200);
    }
    expect(await readFile(join(folder, "runs/comparison.html"), "utf8")).toContain("What was run");

    const again = await abtie(args, { cwd: folder });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).toContain("200 of 200 rows are answered");
    // The engine is not even started: the same rows give the same table.
    expect(again.stderr).not.toContain("starting");
    expect(again.stdout).toBe(first.stdout);
    expect(await serversAlive()).toEqual([]);
  },
  3_600_000,
);
