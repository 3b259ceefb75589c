import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunSummary } from "../../src/job/summary.ts";
import { abtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, LABELS, startJudge, writeJob } from "../helpers/job.ts";
import { answeredInJournal, expectValid, readLines, summaryIn } from "../helpers/results.ts";

/** The labels of the job are ordinary tokens for this model: together they get about a hundred-thousandth of the probability. */
const OTHER_LABELS = { labels: [1, 2, 3] };
const SLOWLY = { concurrency: 4, prompts_per_request: 2 };

test("a server whose median mass is 1e-5 ends a run with status 4 within 60 rows, and loses nothing", async () => {
  await using judge = await startJudge(OTHER_LABELS);
  const job = await writeJob({ engine: attachTo(judge), rows: 400, config: SLOWLY });
  const run = await abtie(["run", "job.yaml", "--json"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(4);
  // One request that answers the 60th row, and those in flight beside it.
  expect(answeredInJournal(job.journal)).toBeLessThan(60 + 2);
  expect(judge.stats.prompts).toBeLessThan(60 + 16);
  expect(run.stderr).toMatch(/abtie: The median label mass of 6\d rows is 0\.0000\d+, below 0\.01/);
  expect(run.stderr).toMatch(/The prompt of row \d+ ends with: ".*Answer:"/);
  expect(run.stderr).toContain('a = " A" -> 288');
  expect(run.stderr).toContain("--force");

  expectValid(job.submission, job.ids);
  const lines = readLines(job.rowsFile);
  const scored = lines.filter(({ obtained }) => obtained === "one-order").length;
  expect(scored).toBe(answeredInJournal(job.journal));
  expect(lines.filter(({ reason }) => reason === "deadline reached before it was answered")).toEqual([]);
  const printed = JSON.parse(run.stdout) as RunSummary;
  expect(printed).toMatchObject({
    end: "low-mass",
    rows: { "one-order": scored },
    failure: { message: expect.any(String) },
  });
  expect(summaryIn(job.folder)).toMatchObject({ end: "low-mass" });
});

test("the same run again stops before a prompt is sent; --force goes on to the end", async () => {
  await using judge = await startJudge(OTHER_LABELS);
  const job = await writeJob({ engine: attachTo(judge), rows: 100, config: SLOWLY });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(4);
  const { requests } = judge.stats;
  const again = await inProcess(["run", "job.yaml"], job.folder);
  expect(again.status).toBe(4);
  expect(again.stderr).toContain("below 0.01");
  expect(judge.stats.requests).toBe(requests);

  const forced = await inProcess(["run", "job.yaml", "--force"], job.folder);
  expect(forced.status, forced.stderr).toBe(0);
  expect(forced.stderr).toContain("The median label mass");
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
});

test("a job of fewer rows is judged at its end, also when it is started again", async () => {
  await using judge = await startJudge(OTHER_LABELS);
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  for (const session of ["first", "again"]) {
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status, session).toBe(4);
    expect(run.stderr).toContain("The median label mass of 12 rows");
  }
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
  expect(summaryIn(job.folder)).toMatchObject({ end: "low-mass" });
});

test("a bench stops too, and goes on with --force", async () => {
  await using judge = await startJudge(OTHER_LABELS);
  const job = await writeJob({ engine: attachTo(judge), rows: 120 });
  const stopped = await inProcess(["bench", "job.yaml", "-j", "2"], job.folder);
  expect(stopped.status).toBe(4);
  expect(stopped.stderr).toContain("below 0.01");
  expect((await inProcess(["bench", "job.yaml", "-j", "2", "--force"], job.folder)).status).toBe(0);
});

test("a low median is said at once, in the live line, in the summary and in the report", async () => {
  await using judge = await startJudge({
    labels: [LABELS[0], 1, 2],
    evidence: { token: 0, separator: 33, strength: -0.3 },
  });
  const job = await writeJob({ engine: attachTo(judge), rows: 80, config: SLOWLY });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(0);
  const { median } = (summaryIn(job.folder) as unknown as { labelMass: { median: number } }).labelMass;
  expect(median).toBeLessThan(0.2);
  expect(run.stderr).toMatch(/warning: The median label mass of 6\d rows is 0\.\d+, below 0\.2/);
  expect(run.stderr).toMatch(/ · low label mass: 0\.\d+/);
  expect(run.stderr).toMatch(/label mass {3}median 0\.\d+, 5th percentile 0\.\d+: low/);
  expect((await inProcess(["report", "run"], job.folder)).status).toBe(0);
  expect(readFileSync(join(job.folder, "run/report.html"), "utf8")).toContain("below 0.2: the model gives most");
});

test("a server that gives no label mass: the run says so once", async () => {
  await using judge = await startJudge({
    fields: ["allowed_token_ids", "return_tokens_as_token_ids"],
    logprobsMode: "processed_logprobs",
  });
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr.match(/label mass is unknown/g)).toHaveLength(1);
});
