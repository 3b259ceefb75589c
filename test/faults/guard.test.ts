import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { abtie, type Ended, startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { attachTo, type Job, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { expectValid } from "../helpers/results.ts";

const DISTURB = fileURLToPath(new URL("../fixtures/cli/disturb-job.cjs", import.meta.url));
/** 10 s, or more on a machine that is too busy for a start in a fraction of it. */
const DEADLINE_MS = 8_000 + 8 * (await abtie(["run", "nowhere.yaml"], { cwd: await temporaryFolder() })).ms;
const TIMEOUT = { timeout: 5 * DEADLINE_MS + 60_000 };
const STUBBORN = { ignoreSigterm: true, orphan: true, constantMs: 200 };
const SLOWLY = { concurrency: 2, prompts_per_request: 2 };

// One after the other, because each blocked job takes a core.
test.each(["spin", "parse"])(
  "a job that is blocked for ever (%s) is gone by the deadline, its server too, and the last file is valid",
  TIMEOUT,
  async (how) => {
    const engine = spawning(STUBBORN, { stop_grace: "10m" });
    const job = await writeJob({ engine, rows: 2000, config: SLOWLY });
    const log = join(job.folder, "run/server.log");
    const ended = await runToDeadline(job, { how, afterMs: 500, afterFile: log });
    expect(ended.status).toBe(5);
    expect(ended.stderr).toContain(`the last complete file is in place: ${job.submission}`);
    expectValid(job.submission, job.ids);
  },
);

test(
  "a job that is blocked before it has loaded anything is gone by the deadline, and no file is claimed",
  TIMEOUT,
  async () => {
    const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" } });
    const ended = await runToDeadline(job, { how: "spin" });
    expect(ended.status).toBe(3);
    expect(ended.stderr).toContain("the submission was not written by this run");
    expect(existsSync(job.submission)).toBe(false);
  },
);

test.concurrent("a config that never ends is left at the deadline of the command line", TIMEOUT, async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" } });
  await rm(join(job.folder, "job.yaml"));
  execFileSync("mkfifo", [join(job.folder, "job.yaml")]);
  const ended = await runToDeadline(job);
  expect(ended.status).toBe(3);
  expect(existsSync(join(job.folder, "run"))).toBe(false);
});

test.concurrent("a finished file of other rows is left alone by a run that is refused", TIMEOUT, async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge) });
  expect((await abtie(["run", "job.yaml", "--limit", "7"], { cwd: job.folder })).status).toBe(0);
  const before = readFileSync(job.submission);
  // Refused, because the rows are others; the finished file of the seven rows stays.
  expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(2);
  expect(readFileSync(job.submission)).toEqual(before);
});

test.concurrent("the first file is there although template and tokenizer cannot be read", TIMEOUT, async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9", tokenizer: "./missing" } });
  await rename(join(job.folder, "template.jinja"), join(job.folder, "t.jinja"));
  const ended = await abtie(["run", "job.yaml", "-t", "./t.jinja"], { cwd: job.folder });
  expect(ended.status).toBe(2);
  expectValid(job.submission, job.ids);
});

test("kill -9 of abtie ends also a job that is blocked", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning(STUBBORN), rows: 400, config: SLOWLY });
  const disturb = { how: "spin", afterMs: 1_000, afterFile: job.journal };
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder, env: disturbed(disturb) });
  await until("the job is blocked", () => existsSync(job.journal) && busyMs(job.folder) > 3_000, 90_000);
  running.child.kill("SIGKILL");
  await running.ended;
  expect(await gone(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

/** Runs a job to its deadline, by which it and everything that it started must have ended. */
async function runToDeadline(job: Job, disturb: Readonly<Record<string, unknown>> = {}): Promise<Ended> {
  const deadline = Date.now() + DEADLINE_MS;
  const args = ["run", "job.yaml", "--deadline", new Date(deadline).toISOString()];
  const ended = await abtie(args, { cwd: job.folder, env: disturbed(disturb) });
  expect(Date.now()).toBeLessThan(deadline);
  expect(aliveWith(job.folder)).toEqual([]);
  return ended;
}

function disturbed(disturb: Readonly<Record<string, unknown>>): Record<string, string> {
  return { NODE_OPTIONS: `--require ${DISTURB}`, ABTIE_TEST_DISTURB: JSON.stringify(disturb) };
}

/** CPU time (ms) of the busiest process of a test. */
function busyMs(tag: string): number {
  const ticks = aliveWith(tag).map(({ pid }) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
    } catch {
      // It has ended since.
      return 0;
    }
  });
  return 10 * Math.max(0, ...ticks);
}
