import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { SubjectEvaluation } from "../../src/evaluate/evaluation.ts";
import golden from "../fixtures/evaluate/golden.json" with { type: "json" };
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeJudged, writeLabels } from "../helpers/judged-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function evaluated(args: readonly string[], folder: string): Promise<SubjectEvaluation> {
  const { status, stdout, stderr } = await inProcess(["evaluate", ...args, "--json"], folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("abtie evaluate", () => {
  test("gives a submission the same scores as scikit-learn, joined by id", async () => {
    const result = await evaluated(["test/fixtures/evaluate/submission.csv", "--labels", "examples/rows.csv"], ROOT);
    const evaluation = result.scores[0]?.evaluation;
    expect(result).toMatchObject({ kind: "submission", rows: golden.rows, swap: null, mass: null, priorRows: null });
    expect(evaluation?.logLoss.mean).toBeCloseTo(golden.logLoss, 12);
    expect(evaluation?.accuracy.mean).toBeCloseTo(golden.accuracy, 12);
    expect(evaluation?.brier.mean).toBeCloseTo(golden.brier, 12);
    expect(evaluation?.prior.logLoss).toBeCloseTo(golden.prior, 12);
    expect(evaluation?.confusion).toEqual(golden.confusion);
    const turns = result.slices.find(({ name }) => name === "Turns")?.parts ?? [];
    expect(turns.map(({ key }) => key)).toEqual(Object.keys(golden.turns));
    for (const { key, rows, result: part } of turns) {
      const expected = golden.turns[key as keyof typeof golden.turns];
      expect(rows).toBe(expected.rows);
      expect(part.logLoss.mean).toBeCloseTo(expected.logLoss, 12);
    }
  });

  test("finds the ten scripts of the examples", async () => {
    const { slices } = await evaluated(
      ["test/fixtures/evaluate/submission.csv", "--labels", "examples/rows.csv"],
      ROOT,
    );
    const scripts = slices.find(({ name }) => name === "Script")?.parts ?? [];
    expect(scripts[0]?.key).toBe("Latin");
    expect(scripts.map(({ key }) => key)).toEqual(
      expect.arrayContaining(["Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai", "Han", "Kana", "Hangul"]),
    );
    expect(scripts.reduce((sum, { rows }) => sum + rows, 0)).toBe(golden.rows);
  });

  test("gives a run the scores of its submission, and scores each order alone", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), config: { orders: "both" }, words: (row) => 3 + row });
    await writeLabels(job.folder);
    expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
    const run = await evaluated(["run", "--labels", "labels.csv"], job.folder);
    const file = await evaluated(["run/submission.csv", "--labels", "labels.csv"], job.folder);
    expect(run.scores[0]?.evaluation).toEqual(file.scores[0]?.evaluation);
    expect(run.scores.map(({ name, rows }) => [name, rows])).toEqual([
      ["as written", 40],
      ["raw, as in the file", 40],
      ["raw, swapped", 40],
    ]);
    expect(run.swap).toMatchObject({ pairs: 40 });
    expect(run.swap?.flips).toBe((run.swap?.towardFirst ?? 0) + (run.swap?.towardSecond ?? 0));
    expect(run.mass).toMatchObject({ rows: 40 });
    const lengths = run.slices.find(({ name }) => name === "Length in tokens")?.parts ?? [];
    expect(lengths).toHaveLength(4);
    expect(lengths.reduce((sum, { rows }) => sum + rows, 0)).toBe(40);
  });

  test("prints tables on stdout, uses the run's own labels by default, and takes votes as soft labels", async () => {
    const folder = await writeJudged({ rows: 60, sharpness: 2, orders: "both" });
    const { status, stdout, stderr } = await inProcess(["evaluate", "run"], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^as written +60 +\d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\) +\d\d\.\d %/m);
    expect(stdout).toContain("60 rows with 30 prompts");
    await writeLabels(folder);
    const soft = await evaluated(["run", "--labels", "labels.csv", "--truth", "votes"], folder);
    expect(soft.labels.source).toBe("votes");
    // Half of each row's votes are ties, so no prediction can be right for more than its other half.
    expect(soft.scores[0]?.evaluation.accuracy.mean).toBeLessThan(0.75);
  });
});

describe("labels of other rows are refused", () => {
  test("names the first ids on either side", async () => {
    const folder = await writeJudged({ rows: 12, sharpness: 1, orders: "one" });
    await writeLabels(folder, 6);
    const { status, stderr } = await inProcess(["evaluate", "run", "--labels", "labels.csv"], folder);
    expect(status).toBe(3);
    expect(stderr).toContain(
      `6 in ${join(folder, "run")} without labels in ${join(folder, "labels.csv")}: "r6", "r7", "r8", "r9", "r10", ...`,
    );
  });

  test("accepts further labelled rows only for a run with a limit", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await writeLabels(job.folder);
    expect(await inProcess(["run", "job.yaml", "--limit", "10"], job.folder)).toMatchObject({ status: 0 });
    expect(await evaluated(["run", "--labels", "labels.csv"], job.folder)).toMatchObject({ rows: 10 });
    const bare = await inProcess(["evaluate", "run/submission.csv", "--labels", "labels.csv"], job.folder);
    expect(bare.status).toBe(3);
    expect(bare.stderr).toMatch(/30 in .*labels\.csv that are not in .*submission\.csv: "/);
    // Its own input has no labels.
    const without = await inProcess(["evaluate", "run"], job.folder);
    expect(without.status).toBe(3);
    expect(without.stderr).toMatch(
      /rows\.csv has no labels: expected the column winner with A, B or tie, or the columns winner_model_a.*--labels/,
    );
  });

  test("asks for a labelled file for a submission, and names a folder that is no run", async () => {
    const folder = await temporaryFolder({
      "s.csv": readFileSync(join(ROOT, "test/fixtures/evaluate/submission.csv"), "utf8"),
    });
    expect(await inProcess(["evaluate", "s.csv"], folder)).toMatchObject({ status: 2 });
    const none = await inProcess(["evaluate", "."], folder);
    expect(none.status).toBe(3);
    expect(none.stderr).toContain("not the folder of a run");
    expect((await inProcess(["evaluate", "nowhere"], folder)).stderr).toContain("ENOENT");
  });
});
