import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { abtie } from "../helpers/abtie.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone } from "../helpers/processes.ts";
import { answeredInJournal, expectValid, readLines, summaryIn } from "../helpers/results.ts";

const SLOWLY = { concurrency: 2, prompts_per_request: 2 };

it("ends before the deadline with what a slow server has answered", async () => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 1000, config: SLOWLY });
  const { ended, early } = await runUntil(7_000, job.folder);
  expect(ended).toMatchObject({ status: 5, stdout: "" });
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
  const { end, rows } = summaryIn(job.folder);
  expect(end).toBe("deadline");
  expect(rows["one-order"]).toBeGreaterThan(0);
  expect(rows["prior"]).toBeGreaterThan(0);
  expect(readLines(job.rowsFile).filter(({ ab }) => ab !== null)).toHaveLength(rows["one-order"] ?? 0);
});

it("ends before the deadline, its file written, while a server of its own hangs and will not stop", async () => {
  const knobs = { ignoreSigterm: true, orphan: true, constantMs: 100, faults: [{ kind: "hang", after: 12 }] };
  const job = await writeJob({ engine: spawning(knobs, { stop_grace: "5s" }), rows: 400, config: SLOWLY });
  const { ended, early } = await runUntil(10_000, job.folder);
  expect(ended).toMatchObject({ status: 5, stdout: "" });
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
  const answered = readLines(job.rowsFile).filter(({ ab }) => ab !== null).length;
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBe(answeredInJournal(job.journal));
  expect(await gone(job.folder)).toEqual([]);
});

it("ends before the deadline when the server never gets ready", async () => {
  const job = await writeJob({ engine: spawning({ acceptOnly: true }) });
  const { ended, early } = await runUntil(6_000, job.folder);
  expect(ended).toMatchObject({ status: 5, stdout: "" });
  expect(early).toBe(true);
  expect(aliveWith(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

it("ends before the deadline although its job thread is caught in an endless loop", async () => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 1000, config: SLOWLY });
  const { ended, early } = await runUntil(7_000, job.folder, { how: "spin", afterMs: 4_000 });
  expect(ended.status).toBe(5);
  expect(ended.stderr).toContain(`the last complete file is in place: ${job.submission}`);
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
});

it.each([-86_400_000, 86_400_000])("ends before the deadline although the wall clock jumps by %d ms", async (byMs) => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 1000, config: SLOWLY });
  const { ended, early } = await runUntil(7_000, job.folder, { how: "jump", byMs, afterMs: 4_000 });
  expect(ended.status).toBe(5);
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
});

it("takes a deadline of 30 days for what it is", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge) });
  const late = await abtie(["run", "job.yaml", "--deadline", "30d"], { cwd: job.folder });
  expect(late).toMatchObject({ status: 0 });
  expect(late.stderr).not.toContain("Warning");
});

async function runUntil(ms: number, cwd: string, disturb: Readonly<Record<string, unknown>> = {}) {
  const preload = fileURLToPath(new URL("../fixtures/cli/disturb-job.cjs", import.meta.url));
  const env = { NODE_OPTIONS: `--require ${preload}`, ABTIE_TEST_DISTURB: JSON.stringify(disturb) };
  const deadline = Date.now() + ms;
  const ended = await abtie(["run", "job.yaml", "--deadline", new Date(deadline).toISOString()], { cwd, env });
  return { ended, early: Date.now() < deadline };
}
