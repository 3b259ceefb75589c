import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { describe, expect, test } from "vitest";
import type { CalibrationResult } from "../../src/commands/calibrate.ts";
import type { SubjectEvaluation } from "../../src/evaluate/evaluation.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeJudged, writeLabels } from "../helpers/judged-folder.ts";

const ASK = ["--coverage", "0.9", "--max-error", "0.4"];

async function evaluated(args: readonly string[], folder: string): Promise<SubjectEvaluation> {
  const { status, stdout } = await inProcess(["evaluate", ...args, "--json"], folder);
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

describe("sets of verdicts from calibration to output", () => {
  test("calibrate writes the rules, run writes the columns, evaluate and report measure them", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), config: { orders: "both" }, rows: 200 });
    const { folder } = job;
    await writeLabels(folder);
    expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
    const made = await inProcess(["calibrate", "run", "--labels", "labels.csv", "-o", "c.json", ...ASK], folder);
    expect(made.status, made.stderr).toBe(0);
    expect(made.stdout).toContain("accepted from");
    const { verdicts, trainedOn } = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    expect(verdicts).toMatchObject({ coverage: 0.9, maxError: 0.4, confidence: 0.9 });
    // Half of the prompts were kept from the fit.
    expect(trainedOn.rows + verdicts.bothOrders.rows).toBe(200);

    const config = readFileSync(join(folder, "job.yaml"), "utf8");
    const output = "output: {file: wide.csv, columns: [prompt, set, abstain]}\n";
    await writeFile(join(folder, "job.yaml"), `${config}calibration: c.json\n${output}`);
    expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
    const rows: readonly Record<string, string>[] = parse(readFileSync(join(folder, "wide.csv")), { columns: true });
    expect(rows).toHaveLength(200);
    for (const row of rows) {
      expect(row["set"]).toMatch(/^(|a|b|tie|a\|b|a\|tie|b\|tie|a\|b\|tie)$/);
      expect(row["abstain"]).toMatch(/^[01]$/);
    }
    const summary = (await evaluated(["run", "--labels", "labels.csv"], folder)).verdicts;
    expect(summary?.sizes.reduce((sum, size) => sum + size, 0)).toBe(200);
    expect(summary?.accepted).toBe(rows.filter((row) => row["abstain"] === "0").length);
    for (const { share } of summary?.measured?.held ?? []) expect(share.mean).toBeGreaterThan(0.7);
    const shown = await inProcess(["report", "run", "--labels", "labels.csv"], folder);
    expect(shown.status, shown.stderr).toBe(0);
    expect(readFileSync(join(folder, "run/report.html"), "utf8")).toContain("Sets of verdicts");
    expect(readFileSync(join(folder, "run/report.md"), "utf8")).toContain("one class in the set");
  });

  test("refuses the columns without rules, with what to do", async () => {
    await using judge = await startJudge();
    const job = await writeJob({
      engine: attachTo(judge),
      config: { output: { file: "wide.csv", columns: ["set", "abstain"] } },
    });
    const said = await inProcess(["run", "job.yaml"], job.folder);
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("abtie calibrate --coverage 0.9") });
    // The first file is there before the calibration is read: every row may have any class.
    expect(readFileSync(join(job.folder, "wide.csv"), "utf8")).toContain("a|b|tie,1");
  });

  test("knows judges without a tie", async () => {
    const folder = await writeJudged({ rows: 600, sharpness: 3, orders: "one", classes: ["a", "b"] });
    const made = await inProcess(["calibrate", "run", "-o", "c.json", "--json", ...ASK], folder);
    expect(made.status, made.stderr).toBe(0);
    const { verdicts } = JSON.parse(made.stdout) as CalibrationResult;
    expect(verdicts?.oneOrder?.least).toHaveLength(2);
    expect(verdicts?.bothOrders).toBeNull();
    expect(verdicts?.oneOrder?.accept).not.toBeNull();
  });

  test("refuses a sample in which some rows were likelier than others, and takes one of rows alike", async () => {
    const folder = await writeJudged({ rows: 500, sharpness: 3, orders: "one" });
    const truth = new Map(read(folder, "rows.csv").map((row) => [row["id"], row]));
    for (const [uniform, status] of [
      ["0.2", 3],
      ["1", 0],
    ] as const) {
      const drawn = ["sample", "run", "-n", "300", "--uniform", uniform, "-o", "s.csv", "--force"];
      expect(await inProcess(drawn, folder)).toMatchObject({ status: 0 });
      const filled = read(folder, "s.csv").map((row) => ({ ...row, winner: winnerOf(truth.get(row["id"])) }));
      await writeFile(join(folder, "s.csv"), stringify(filled, { header: true }));
      const made = await inProcess(["calibrate", "run", "--labels", "s.csv", "-o", "c.json", ...ASK], folder);
      expect({ status: made.status, exists: existsSync(join(folder, "c.json")) }).toEqual({
        status,
        exists: status === 0,
      });
      if (status === 3) expect(made.stderr).toContain("--uniform 1");
    }
  });
});

function read(folder: string, name: string): readonly Record<string, string>[] {
  return parse(readFileSync(join(folder, name)), { columns: true });
}

function winnerOf(row: Record<string, string> | undefined): string {
  return row?.["winner_model_a"] === "1" ? "A" : row?.["winner_model_b"] === "1" ? "B" : "tie";
}
