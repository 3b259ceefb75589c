import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunStatus, RunsStatus } from "../../src/commands/status.ts";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, TEMPLATE, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";

async function statusOf(folder: string): Promise<RunStatus> {
  const { stdout } = await inProcess(["status", "run", "--json"], folder);
  return JSON.parse(stdout);
}

test("follows a run beside it without a lock, and knows a killed, an interrupted and a finished one", async () => {
  await using judge = await startJudge({ constantMs: 40 });
  const config = { concurrency: 2, prompts_per_request: 2, time: { deadline: "2h" } };
  const job = await writeJob({ engine: attachTo(judge), rows: 80, config });
  const first = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  let status: RunStatus | null = null;
  await until("some rows are in the journal", () => judge.stats.prompts > 12);
  while (status === null || status.state !== "running") status = await statusOf(job.folder);
  expect(status).toMatchObject({ rows: { total: 80, bothOrders: 0 }, model: "fake", failing: null });
  expect(status.rows.scored).toBeGreaterThan(0);
  expect(status.verdicts.reduce((sum, count) => sum + count)).toBe(status.rows.scored);
  expect(status.deadlineAt).toBeGreaterThan(Date.now());
  expect(status.process?.pid).toBeGreaterThan(1);
  expect(await readdir(join(job.folder, "run"))).toContain("lock");

  first.child.kill("SIGKILL");
  await first.ended;
  // The job process ends a moment after its guard.
  while (status.state === "running") status = await statusOf(job.folder);
  expect(status).toMatchObject({ state: "killed", process: null, forecast: null });
  expect(await readFile(job.journal, "utf8")).not.toContain("session-end");

  const second = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  const asked = judge.stats.prompts;
  await until("the second session sends rows", () => judge.stats.prompts > asked + 4);
  second.child.kill("SIGINT");
  const { status: ended, stderr: summary } = await second.ended;
  expect(ended).toBe(130);
  expect(summary).toMatch(/^to continue {2}abtie run job\.yaml$/m);
  expect(await statusOf(job.folder)).toMatchObject({ state: "interrupted", failing: null });

  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const { stdout, status: exit } = await inProcess(["status", "run", "--watch"], job.folder);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^state {8}done$/m);
  expect(stdout).toContain("rows         80 of 80 rows scored");
  expect(stdout).toMatch(/^verdicts {5}A \d+ %, B \d+ %, tie \d+ %$/m);
  expect(stdout).toContain(`submission   ${job.submission}`);
});

test("waits with --watch for a run that has not begun, says so, and then follows it", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 6 });
  const watching = inProcess(["status", "run", "--watch"], job.folder);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const { status, stdout, stderr } = await watching;
  expect(status).toBe(0);
  expect(stderr).toMatch(/^waiting for a run in .*run; Ctrl-C ends the wait\n/);
  expect(stdout).toMatch(/state +done/);
});

test("says that a folder is not the folder of a run", async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" }, rows: 3 });
  const { status, stderr } = await inProcess(["status", "."], job.folder);
  expect(status).toBe(3);
  expect(stderr).toContain("is not the folder of a run: expected manifest.json in it. Give the folder");
});

test("shows the runs of an interrupted comparison, which names the command that continues it", async () => {
  await using judge = await startJudge({ constantMs: 40 });
  const config = { concurrency: 2, prompts_per_request: 2 };
  const job = await writeJob({ engine: attachTo(judge), rows: 80, config });
  await writeFile(join(job.folder, "other.jinja"), TEMPLATE.replace("A:", "One:"));
  const args = ["compare", "job.yaml", "-t", "./template.jinja", "-t", "./other.jinja", "--run", "both ways"];
  const comparing = startAbtie([...args, "--fresh"], { cwd: job.folder });
  await until("some rows are answered", () => judge.stats.prompts > 24);
  comparing.child.kill("SIGINT");
  const ended = await comparing.ended;
  expect(ended.status).toBe(130);
  expect(ended.stderr).toMatch(
    /to continue: abtie compare job\.yaml -t \.\/template\.jinja -t \.\/other\.jinja --run 'both ways'$/m,
  );

  const { status, stdout } = await inProcess(["status", "both ways"], job.folder);
  expect(status).toBe(0);
  expect(stdout).toContain(`2 runs in ${join(job.folder, "both ways")}`);
  expect(stdout).toMatch(/^other +interrupted +\d+ of 80 /m);
  expect(stdout).toMatch(/^template +interrupted +\d+ of 80 /m);
  expect(stdout).toContain("The same command continues them.");
  const told = JSON.parse((await inProcess(["status", "both ways", "--json"], job.folder)).stdout) as RunsStatus;
  expect(told.runs.map(({ name, state }) => [name, state])).toEqual([
    ["other", "interrupted"],
    ["template", "interrupted"],
  ]);
  const again = await inProcess(args, job.folder);
  expect([again.status, again.stderr.includes("to continue")]).toEqual([0, false]);
  const watched = await inProcess(["status", "both ways", "--watch"], job.folder);
  expect(watched.stdout).toMatch(/^template +done +80 of 80 /m);
  expect(watched.stdout).toContain(`report: ${join(job.folder, "both ways/comparison.html")}`);
});

test("scores of an interrupted run only the rows with an answer, and counts the others", async () => {
  await using judge = await startJudge({ constantMs: 40 });
  const config = { concurrency: 2, prompts_per_request: 2 };
  const job = await writeJob({ engine: attachTo(judge), rows: 80, config });
  const [header = "", ...rows] = (await readFile(join(job.folder, "rows.csv"), "utf8")).trimEnd().split("\n");
  const labelled = rows.map((row, at) => `${row},${["A", "B", "tie"][at % 3]}`);
  await writeFile(join(job.folder, "rows.csv"), [`${header},winner`, ...labelled, ""].join("\n"));
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("some rows are answered", () => judge.stats.prompts > 12);
  running.child.kill("SIGINT");
  const { stderr } = await running.ended;
  const { rows: counts, truth } = JSON.parse(await readFile(join(job.folder, "run/summary.json"), "utf8"));
  expect(counts.prior).toBeGreaterThan(0);
  expect(truth).toMatchObject({ rows: 80 - counts.prior, fallbacks: counts.prior });
  expect(stderr).toContain(`(${counts.prior} rows without an answer left out)`);
});
