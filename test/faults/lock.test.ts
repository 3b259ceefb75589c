import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Fake } from "../fixtures/engine/fake-vllm.mjs";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answered, expectValid, readLines, summaryIn } from "../helpers/results.ts";

const TIMEOUT = { timeout: 120_000 };
const SLOWLY = { concurrency: 2, prompts_per_request: 2 };
/** A pid namespace with its own /proc, in which abtie has pid 1, as in a container. */
const UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const canUnshare = spawnSync(UNSHARE[0] ?? "", [...UNSHARE.slice(1), "true"]).status === 0;

test.concurrent(
  "a run that was stopped for longer than the life of its lock ends with 3 and writes nothing after the run that took over",
  TIMEOUT,
  async () => {
    await using judge = await startJudge({ constantMs: 200 });
    const job = await writeJob({ engine: attachTo(judge), rows: 600, config: SLOWLY });
    const first = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await answered(job, 5);
    const stopped = aliveWith(job.folder).map(({ pid }) => pid);
    for (const pid of stopped) process.kill(pid, "SIGSTOP");
    // A run that starts sooner is refused.
    await sleep(11_000);
    const second = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await until("the second run has the lock", () => sessionsIn(job) === 2, 60_000);
    for (const pid of stopped) process.kill(pid, "SIGCONT");
    const ended = await first.ended;
    expect(ended.status).toBe(3);
    expect(ended.stderr).toMatch(
      /run\/(lock|\.submission\.csv\.lock) was taken by another process.*This process has written nothing since/,
    );
    // Only what explains the end, without a word about files that it could not write.
    expect(ended.stderr).not.toMatch(/could not be written|submission {3}/);
    judge.change({ constantMs: 0 });
    expect(await second.ended).toMatchObject({ status: 0 });
    expectOneWriter(job);
  },
);

test.concurrent(
  "two runs in two pid namespaces with one host name do not write into one folder",
  TIMEOUT,
  async (context) => {
    if (!canUnshare) context.skip("unshare is refused here");
    await using judge = await startJudge({ constantMs: 200 });
    const { job, first } = await runInNamespace(judge);
    const others = await Promise.all([
      abtie(["run", "job.yaml"], { cwd: job.folder, under: UNSHARE }),
      abtie(["run", "job.yaml"], { cwd: job.folder }),
    ]);
    for (const { status, stderr } of others) {
      expect(status).toBe(3);
      expect(stderr).toContain("run/lock is held by process");
    }
    judge.change({ constantMs: 0 });
    expect((await first.ended).status).toBe(0);
    expectOneWriter(job);
  },
);

test.concurrent(
  "a container that is killed and started again at once continues with the same pids",
  TIMEOUT,
  async (context) => {
    if (!canUnshare) context.skip("unshare is refused here");
    await using judge = await startJudge({ constantMs: 200 });
    const { job, first } = await runInNamespace(judge);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await gone(job.folder)).toEqual([]);
    judge.change({ constantMs: 0 });
    const again = await abtie(["run", "job.yaml"], { cwd: job.folder, under: UNSHARE });
    expect(again).toMatchObject({ status: 0 });
    expectOneWriter(job);
  },
);

test.concurrent("two jobs with one output refuse each other, also through a link", TIMEOUT, async () => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 200, config: SLOWLY });
  const first = startAbtie(["run", "job.yaml", "-o", "out.csv"], { cwd: job.folder });
  await answered(job, 1);
  // It cannot end before the others were refused, however slow their starts are.
  judge.change({ constantMs: 5_000 });
  spawnSync("ln", ["-s", "out.csv", join(job.folder, "link.csv")]);
  for (const output of ["out.csv", "./run/../out.csv", "link.csv"]) {
    // With --force, because the file belongs to the other run folder.
    const second = await abtie(["run", "job.yaml", "-o", output, "--run", "other", "--force"], { cwd: job.folder });
    expect(second.status).toBe(3);
    expect(second.stderr).toContain(".out.csv.lock is held by process");
    expect(existsSync(join(job.folder, "other/journal.jsonl"))).toBe(false);
  }
  judge.change({ constantMs: 0 });
  expect((await first.ended).status).toBe(0);
  expectValid(join(job.folder, "out.csv"), job.ids);
});

/** Starts a slow run in a pid namespace of its own, and waits for its first answers. */
async function runInNamespace(judge: Fake) {
  const job = await writeJob({ engine: attachTo(judge), rows: 200, config: SLOWLY });
  const first = startAbtie(["run", "job.yaml"], { cwd: job.folder, under: UNSHARE });
  await answered(job, 3);
  return { job, first };
}

function sessionsIn({ journal }: Job): number {
  return (readFileSync(journal, "utf8").match(/"event":"session-start"/g) ?? []).length;
}

/** Every line of the journal is whole, no row is answered twice, and the results hold every answer. */
function expectOneWriter(job: Job): void {
  expectValid(job.submission, job.ids);
  const lines = readFileSync(job.journal, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  const events = lines.map((line) => JSON.parse(line) as { event: string; row?: number });
  const rows = events.filter(({ event }) => event === "row").map(({ row }) => row);
  expect(rows).toHaveLength(job.ids.length);
  expect(new Set(rows).size).toBe(job.ids.length);
  expect(readLines(job.rowsFile).every(({ ab }) => ab !== null)).toBe(true);
  expect(summaryIn(job.folder)).toMatchObject({ end: "done" });
  expect(existsSync(join(job.folder, "run/lock"))).toBe(false);
}
