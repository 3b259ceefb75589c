import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { atEnd } from "../helpers/at-end.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answered, expectValid } from "../helpers/results.ts";

const TIMEOUT = { timeout: 180_000 };
const SLOWLY = { concurrency: 2, prompts_per_request: 2 };

/** Starts a run of 13 rows a second, and waits until some are answered. */
async function startSlow(rows: number, time: readonly string[], config: Readonly<Record<string, unknown>> = {}) {
  const judge = await startJudge({ constantMs: 300 });
  atEnd(() => judge[Symbol.asyncDispose]());
  const job = await writeJob({ engine: attachTo(judge), rows, config: { ...SLOWLY, ...config } });
  mkdirSync(join(job.folder, "out"));
  const running = startAbtie(["run", "job.yaml", ...time], { cwd: job.folder });
  const began = Date.now();
  await answered(job, 4);
  return { job, running, began };
}

function pidsOf(job: Job, script: string): readonly number[] {
  return aliveWith(job.folder).flatMap(({ pid, command }) => (command.includes(script) ? [pid] : []));
}

test.concurrent("a job that is stopped past its deadline is gone by then, and the file is valid", TIMEOUT, async () => {
  const { job, running, began } = await startSlow(2_400, ["--deadline", "60s"]);
  for (const pid of pidsOf(job, "cli/job.js")) process.kill(pid, "SIGSTOP");
  expect((await running.ended).status).toBe(5);
  expect(Date.now() - began).toBeLessThan(61_000);
  expect(await gone(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent(
  "a job whose guard is stopped ends in order by itself, and the guard tells it later",
  TIMEOUT,
  async () => {
    const { job, running } = await startSlow(2_400, ["--deadline", "60s"]);
    const guards = pidsOf(job, "cli/main.js");
    expect(guards).toHaveLength(1);
    for (const pid of guards) process.kill(pid, "SIGSTOP");
    const hasEnded = (): boolean => readFileSync(job.journal, "utf8").includes('"status":"deadline"');
    await until("the job has ended its session", hasEnded, 70_000);
    for (const pid of guards) process.kill(pid, "SIGCONT");
    expect((await running.ended).status).toBe(5);
    expect(await gone(job.folder)).toEqual([]);
    expectValid(job.submission, job.ids);
  },
);

test.concurrent("a submission that is removed during the run is there again at the end", TIMEOUT, async () => {
  const { job, running } = await startSlow(120, []);
  rmSync(job.submission);
  expect((await running.ended).status).toBe(0);
  expectValid(job.submission, job.ids);
});

test.concurrent("a submission that is replaced by a folder is not called complete", TIMEOUT, async () => {
  const { job, running } = await startSlow(120, []);
  rmSync(job.submission);
  mkdirSync(job.submission);
  const { status, stderr } = await running.ended;
  expect(status).toBe(3);
  expect(stderr).toContain("it is a folder, a device or a pipe");
  expect(stderr).not.toContain("is complete and valid");
  expect(statSync(job.submission).isDirectory()).toBe(true);
});

test.concurrent("a run whose output folder is moved away ends, and the moved file stays valid", TIMEOUT, async () => {
  const { job, running } = await startSlow(2_400, [], { output: "out/s.csv" });
  renameSync(join(job.folder, "out"), join(job.folder, "moved"));
  mkdirSync(join(job.folder, "out"));
  const { status, stderr } = await running.ended;
  expect(status).toBe(3);
  expect(stderr).toContain("it was removed with its folder");
  expect(readdirSync(join(job.folder, "out"))).toEqual([]);
  expectValid(join(job.folder, "moved/s.csv"), job.ids);
});

test.concurrent(
  "a disk that becomes read-only during the run leaves its last complete file",
  TIMEOUT,
  async (context) => {
    const judge = await startJudge({ constantMs: 300 });
    atEnd(() => judge[Symbol.asyncDispose]());
    const job = await writeJob({ engine: attachTo(judge), rows: 2_400, config: SLOWLY });
    const run = join(job.folder, "run");
    mkdirSync(run);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=8M", "tmpfs", run]).status !== 0) context.skip("no mount here");
    atEnd(() => void spawnSync("umount", ["-l", run]));
    const running = startAbtie(["run", "job.yaml", "--deadline", "60s"], { cwd: job.folder });
    const began = Date.now();
    await answered(job, 4);
    // A bind mount can be made read-only although files are open to write.
    spawnSync("mount", ["--bind", run, run]);
    atEnd(() => void spawnSync("umount", ["-l", run]));
    expect(spawnSync("mount", ["-o", "remount,ro,bind", run]).status).toBe(0);
    const { status } = await running.ended;
    expect([3, 5]).toContain(status);
    expect(Date.now() - began).toBeLessThan(61_000);
    expectValid(job.submission, job.ids);
  },
);

test.concurrent("a link that leads nowhere in the place of the lock ends a run at once", TIMEOUT, async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 6 });
  mkdirSync(join(job.folder, "run"));
  spawnSync("ln", ["-s", "/nowhere/at/all", join(job.folder, "run/lock")]);
  const { status, stderr } = await startAbtie(["run", "job.yaml"], { cwd: job.folder }).ended;
  expect(status).toBe(3);
  expect(stderr).toContain("is a link that leads nowhere");
  expect(readlinkSync(join(job.folder, "run/lock"))).toBe("/nowhere/at/all");
  expect(existsSync(job.submission)).toBe(false);
});
