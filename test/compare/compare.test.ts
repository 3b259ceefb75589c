import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEFAULT_COLUMNS } from "../../src/types.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge } from "../helpers/job.ts";
import { expectValid } from "../helpers/results.ts";
import { compareTemplates, readTable, type ScoredDetails, writeLabelledJob } from "./compared.ts";

test("compares two templates: a table, three files, and a run of its own for each", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 80 });
  const { status, stdout, stderr } = await compareTemplates(job, "--deadline", "9h");
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("80 rows with 80 prompts, answered by every variant");
  expect(lines[2]?.trim().split(/\s+/)).toEqual(["template", "other"]);
  for (const name of [
    "Log loss, raw",
    "Log loss, calibrated",
    "Gain over the prior",
    "Accuracy",
    "Brier score",
    "ECE",
    "Label mass",
  ]) {
    expect(lines.find((line) => line.startsWith(name))).toMatch(/\d\.\d+.*\(.*\).*\d\.\d+.*\(.*\)/);
  }
  expect(stdout).toMatch(/\n25,000 rows .*\nFits 9h00m +yes +yes\n/);
  expect(stdout).toMatch(/template is better by 0\.\d+ nats, 95 % 0\.\d+ to 0\.\d+, 80 rows; it costs .* time\. p/);
  expect(stdout).toContain("Noise floor: none; scoring a sample again, in other batches, gave the same numbers.");

  // The fake server has no prefix cache, and its metrics say so.
  expect(stdout).toMatch(/\nPrefix cache: 0\.0 % of \d,\d+ prompt tokens; \d+\.\d % began like an earlier prompt/);
  expect(stdout).toMatch(/\nClass prior: log loss [01]\.\d{3} without reading a row\.\n/);

  expect((await readdir(join(job.folder, "run"))).sort()).toEqual([
    "comparison.html",
    "comparison.json",
    "comparison.md",
    "other",
    "template",
  ]);
  for (const name of ["template", "other"]) {
    expectValid(join(job.folder, "run", name, "submission.csv"), job.ids);
    const evaluated = await inProcess(["evaluate", `run/${name}`], job.folder);
    expect(evaluated).toMatchObject({ status: 0 });
    const reported = await inProcess(["report", `run/${name}`], job.folder);
    expect(reported).toMatchObject({ status: 0 });
  }
  expect(readFileSync(join(job.folder, "run/comparison.md"), "utf8")).toContain("template is better by");
  const page = readFileSync(join(job.folder, "run/comparison.html"), "utf8");
  expect(page).toContain("template is the best");
  // The report command reads comparison.json alone.
  expect(await inProcess(["report", "run", "-o", "page.html"], job.folder)).toMatchObject({ status: 0 });
  expect(readFileSync(join(job.folder, "page.html"), "utf8")).toBe(page);
});

test("and a run of the same config have folders of their own, unless a person names one", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 12, config: { run: undefined } });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const compare = ["compare", "job.yaml", "-t", "./template.jinja", "-t", "./other.jinja"];
  expect((await inProcess(compare, job.folder)).status).toBe(0);
  expect((await inProcess([...compare, "--run", "mine"], job.folder)).status).toBe(0);
  const files = async (folder: string) => (await readdir(join(job.folder, folder))).includes("comparison.json");
  expect([await files("runs/job"), await files("runs/job-compare"), await files("mine")]).toEqual([false, true, true]);
});

test("gives as JSON the same numbers as a computation from the submissions and labels", async () => {
  await using judge = await startJudge();
  const config = { variants: { one: {}, both: { orders: "both" }, other: { template: "./other.jinja" } } };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 60, config });
  const { status, stdout } = await inProcess(["compare", "job.yaml", "--json", "--rows", "1000"], job.folder);
  expect(status).toBe(0);
  const comparison = JSON.parse(stdout) as ScoredDetails;
  expect(comparison).toEqual(JSON.parse(readFileSync(join(job.folder, "run/comparison.json"), "utf8")));
  expect(comparison).toMatchObject({
    end: "done",
    rows: 60,
    groups: 60,
    job: { rows: 1000, deadlineMs: null },
    stopping: null,
  });
  const rows = readTable(join(job.folder, "rows.csv"));
  const lossIn = (folder: string): number => {
    const submitted = readTable(join(folder, "submission.csv"));
    const losses = rows.map((row, index) => {
      const [winner = ""] = DEFAULT_COLUMNS.labels.filter((name) => row[name] === "1");
      return -Math.log(Number(submitted[index]?.[winner]));
    });
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  for (const { name, raw, tokensPerRow, secondsPerRow, jobMs, fits, flipRate } of comparison.variants) {
    const folder = comparison.files.runs[name] ?? "";
    expect(raw.logLoss.value).toBeCloseTo(lossIn(folder), 9);
    const events = readFileSync(join(folder, "journal.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const tokens = events.filter(({ event }) => event === "row").reduce((sum, event) => sum + event.tokens, 0);
    expect(tokensPerRow).toBeCloseTo(tokens / 60, 9);
    const startUp = comparison.details[name]?.startUpSeconds ?? Number.NaN;
    expect(jobMs).toBeCloseTo(1000 * (startUp + 1000 * secondsPerRow), 6);
    expect(fits).toBeNull();
    expect(flipRate === null).toBe(name !== "both");
  }
  expect(comparison.pairs.map(({ first, second, measure }) => [first, second, measure])).toEqual([
    ["one", "both", "calibrated"],
    ["one", "other", "calibrated"],
    ["both", "other", "calibrated"],
  ]);
  const calibrated = new Map(comparison.variants.map((one) => [one.name, one.calibrated?.logLoss.value ?? Number.NaN]));
  for (const { first, second, difference, p, adjustedP } of comparison.pairs) {
    expect(difference.value).toBeCloseTo((calibrated.get(first) ?? 0) - (calibrated.get(second) ?? 0), 9);
    expect(adjustedP).toBeGreaterThanOrEqual(p ?? Number.NaN);
  }
});
