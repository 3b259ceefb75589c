import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunStatus } from "../../src/commands/status.ts";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
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
  expect((await second.ended).status).toBe(130);
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
