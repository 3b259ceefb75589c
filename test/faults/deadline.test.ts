import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { abtie, MAIN } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { attachTo, type Job, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone } from "../helpers/processes.ts";
import { answeredInJournal, expectValid, readLines, summaryIn } from "../helpers/results.ts";
import { moments } from "../helpers/rounds.ts";

const SLOWLY = { concurrency: 2, prompts_per_request: 2 };
/** Time enough for a start and for some answers, on this machine as it is just now. */
const DEADLINE_MS = 8_000 + 16 * (await abtie(["run", "nowhere.yaml"], { cwd: await temporaryFolder() })).ms;
const TIMEOUT = { timeout: 10 * DEADLINE_MS + 60_000 };

test.concurrent("ends before the deadline with what a slow server has answered", TIMEOUT, async () => {
  const { job, answers } = await withAnswers(async (factor) => {
    await using judge = await startJudge({ constantMs: 200 * factor });
    const job = await writeJob({ engine: attachTo(judge), rows: 2000, config: SLOWLY });
    return { job, ...(await runToDeadline(job.folder, {}, factor)) };
  });
  // With or without a shorter context, as the clock decided.
  const { end, rows } = summaryIn(job.folder);
  expect(end).toBe("deadline");
  expect(rows).toMatchObject({ total: 2000, prior: 2000 - answers });
  expect(rows["prior"]).toBeGreaterThan(0);
});

test.concurrent(
  "ends before the deadline, its file written, while a server of its own hangs and will not stop",
  TIMEOUT,
  async () => {
    const { job, answers } = await withAnswers(async (factor) => {
      const knobs = { ignoreSigterm: true, orphan: true, constantMs: 100, faults: [{ kind: "hang", after: 12 }] };
      const job = await writeJob({ engine: spawning(knobs, { stop_grace: "5s" }), rows: 400, config: SLOWLY });
      return { job, ...(await runToDeadline(job.folder, {}, factor)) };
    });
    expect(answers).toBe(answeredInJournal(job.journal));
    expect(await gone(job.folder)).toEqual([]);
  },
);

test.concurrent("ends before the deadline when the server never gets ready", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning({ acceptOnly: true }) });
  const { ended, early } = await runToDeadline(job.folder);
  expect(ended).toMatchObject({ status: 4, stdout: "" });
  expect(early).toBe(true);
  expect(aliveWith(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent("ends before the deadline although its job thread is caught in an endless loop", TIMEOUT, async () => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 2000, config: SLOWLY });
  const { ended, early } = await runToDeadline(job.folder, { how: "spin", afterMs: 0.6 * DEADLINE_MS });
  expect(ended.status).toBe(5);
  expect(ended.stderr).toContain(`the last complete file is in place: ${job.submission}`);
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
});

test.concurrent.each(
  moments(20_241_124).flatMap((moment) => [-86_400_000, 86_400_000].map((byMs) => [byMs, moment] as const)),
)("ends before the deadline although the wall clock jumps by %d ms: at %f", TIMEOUT, async (byMs, moment) => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 2000, config: SLOWLY });
  const afterMs = (0.4 + 0.5 * moment) * DEADLINE_MS;
  const { ended, early } = await runToDeadline(job.folder, { how: "jump", byMs, afterMs });
  expect(ended.status).toBe(5);
  // In order, and neither by the watchdog nor as if somebody had interrupted it.
  expect(ended.stderr).not.toMatch(/did not end in time|interrupted/);
  expect(ended.stderr).toContain(`submission   ${job.submission}`);
  expect(early).toBe(true);
  expectValid(job.submission, job.ids);
});

test.concurrent("ends before the deadline although its terminal takes nothing", TIMEOUT, async (context) => {
  if (spawnSync("python3", ["--version"]).status !== 0) context.skip("this needs python3 for a terminal");
  await using judge = await startJudge({ constantMs: 50 });
  const job = await writeJob({ engine: attachTo(judge), rows: 4000, config: SLOWLY });
  // Talk enough to fill what a terminal holds.
  const noisy = Array.from({ length: 300 }, (_, k) => `# ${k}\nunknown_key_${k}: 1`).join("\n");
  await writeFile(join(job.folder, "noisy.yaml"), noisy);
  const early = await inStalledTerminal(DEADLINE_MS, ["run", "job.yaml", "--deadline", `${DEADLINE_MS}ms`], job.folder);
  expect(early).toBe("5");
  expectValid(job.submission, job.ids);
  expect(await inStalledTerminal(DEADLINE_MS, ["run", "noisy.yaml"], job.folder)).toBe("2");
});

test.concurrent("takes a deadline of 30 days for what it is", TIMEOUT, async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge) });
  const late = await abtie(["run", "job.yaml", "--deadline", "30d"], { cwd: job.folder });
  expect(late).toMatchObject({ status: 0 });
  expect(late.stderr).not.toContain("Warning");
});

/** The exit status in a terminal that nobody reads, or "alive". */
async function inStalledTerminal(ms: number, args: readonly string[], cwd: string): Promise<string> {
  const script = fileURLToPath(new URL("../fixtures/cli/stalled_terminal.py", import.meta.url));
  const command = [script, String(ms / 1000), process.execPath, MAIN, ...args];
  const env = { PATH: process.env["PATH"], HOME: cwd, TERM: "xterm" };
  return (await promisify(execFile)("python3", command, { cwd, env })).stdout.trim();
}

/**
 * Runs a job to its deadline, which it must keep, with a file that is valid. On a machine that is too busy just now for a start
 * and a first answer by then, again with twice the time.
 */
async function withAnswers(run: (factor: number) => Promise<{ job: Job } & Awaited<ReturnType<typeof runToDeadline>>>) {
  for (let factor = 1; ; factor *= 2) {
    const { job, ended, early } = await run(factor);
    expect(ended).toMatchObject({ status: 5, stdout: "" });
    expect(early).toBe(true);
    expectValid(job.submission, job.ids);
    const answers = readLines(job.rowsFile).filter(({ ab }) => ab !== null).length;
    if (answers > 0) return { job, answers };
    if (factor >= 4) throw new Error(`no row is answered by a deadline of ${factor * DEADLINE_MS} ms`);
  }
}

async function runToDeadline(cwd: string, disturb: Readonly<Record<string, unknown>> = {}, factor = 1) {
  const preload = fileURLToPath(new URL("../fixtures/cli/disturb-job.cjs", import.meta.url));
  const env = { NODE_OPTIONS: `--require ${preload}`, ABTIE_TEST_DISTURB: JSON.stringify(disturb) };
  const deadline = Date.now() + factor * DEADLINE_MS;
  const ended = await abtie(["run", "job.yaml", "--deadline", new Date(deadline).toISOString()], { cwd, env });
  return { ended, early: Date.now() < deadline };
}
