import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Running, startAbtie } from "../helpers/abtie.ts";
import { type FakeProcess, startFakeProcess } from "../helpers/fake-process.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answered, expectValid, readLines, summaryIn } from "../helpers/results.ts";
import { moments } from "../helpers/rounds.ts";

const ROWS = 64;
const FEW = { concurrency: 4, prompts_per_request: 2, request_timeout: "2s" };
const MOMENTS = moments(20_241_122);
const TIMEOUT = { timeout: 120_000 * MOMENTS.length };

test.concurrent.each(
  "http500 overloaded unavailable reset half half-hang hang not-json nan null wrong-ids missing-label wrong-usage wrong-count wrong-index positive brackets endless gzip-bomb not-unicode"
    .split(" ")
    .map((kind) => [kind]),
)(
  "answers every row as if nothing had been, after a storm of: %s",
  { timeout: 30_000 * MOMENTS.length },
  async (kind) => {
    const expected = await undisturbed();
    for (const moment of MOMENTS) {
      const faults = [{ kind, after: 4 + Math.floor(moment * 20), times: 6 }];
      await using judge = await startJudge({ constantMs: 5, faults });
      const job = await writeJob({ engine: attachTo(judge), rows: ROWS, config: FEW });
      const run = await inProcess(["run", "job.yaml"], job.folder);
      expect(judge.stats.faults[kind]).toBeGreaterThan(0);
      expect(run.status).toBe(0);
      expect(readFileSync(job.submission, "utf8")).toBe(expected);
      expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
    }
  },
);

test.concurrent.each(MOMENTS)(
  "starts its own server again when it is killed, and keeps what it has: at %f",
  TIMEOUT,
  async (moment) => {
    const { running, job } = await startSpawned();
    await answered(job, 1 + Math.floor(moment * 40));
    for (const { pid, command } of aliveWith(job.folder)) if (command.includes(" serve ")) process.kill(pid, "SIGKILL");
    await expectAsIfNothing(running, job);
    expect((await running.ended).stderr).toContain("bringing it back");
  },
);

test.concurrent.each(MOMENTS)("starts its own server again when it is frozen: at %f", TIMEOUT, async (moment) => {
  const { running, job } = await startSpawned();
  await answered(job, 1 + Math.floor(moment * 40));
  for (const { pid, command } of aliveWith(job.folder)) if (command.includes(" serve ")) process.kill(pid, "SIGSTOP");
  await expectAsIfNothing(running, job);
});

test.concurrent.each([
  ["with its own tokenizer", TOKENIZER],
  ["with the server's tokenizer", false],
])("comes back to a server that was down for a while, %s", TIMEOUT, async (_name, tokenizer) => {
  const fake = await startFakeProcess({ constantMs: 100 });
  const job = await writeJob({ engine: { attach: fake.url, tokenizer }, rows: ROWS, config: FEW });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("some rows are answered", async () => (await fake.prompts()) > 12);
  fake.signal("SIGKILL");
  await until("the loss is noticed", () => running.said().includes("is lost"));
  await fake.restart();
  await expectAsIfNothing(running, job);
});

test.concurrent.each(MOMENTS)("goes on when a frozen server thaws: at %f", TIMEOUT, async (moment) => {
  const { fake, running, job } = await startAttached(50);
  await until("some rows are answered", async () => (await fake.prompts()) > 6 + 40 * moment);
  fake.signal("SIGSTOP");
  setTimeout(() => fake.signal("SIGCONT"), 3_000);
  await expectAsIfNothing(running, job);
});

test.concurrent.each(MOMENTS)("goes on when the server becomes ten times slower: at %f", TIMEOUT, async (moment) => {
  const { fake, running, job } = await startAttached(20);
  await until("some rows are answered", async () => (await fake.prompts()) > 6 + 40 * moment);
  await fetch(`${fake.url}/fake/settings`, { method: "POST", body: '{"slowFactor":10}' });
  await expectAsIfNothing(running, job);
});

test.concurrent("hands in what it has at the deadline when a server is gone for good", TIMEOUT, async () => {
  const { fake, running, job } = await startAttached(100, ["--deadline", "60s"]);
  await until("some rows are answered", async () => (await fake.prompts()) > 20);
  fake.signal("SIGKILL");
  expect((await running.ended).status).toBe(5);
  expectValid(job.submission, job.ids);
  const { end, rows } = summaryIn(job.folder);
  expect(end).toBe("deadline");
  expect(rows["prior"]).toBeLessThan(ROWS);
  expect(readLines(job.rowsFile).every(({ ab, reason }) => (ab === null) === (reason !== null))).toBe(true);
});

async function startAttached(
  constantMs: number,
  flags: readonly string[] = [],
): Promise<{ fake: FakeProcess; running: Running; job: Job }> {
  const fake = await startFakeProcess({ constantMs });
  const job = await writeJob({ engine: { attach: fake.url, tokenizer: TOKENIZER }, rows: ROWS, config: FEW });
  return { fake, job, running: startAbtie(["run", "job.yaml", ...flags], { cwd: job.folder }) };
}

async function startSpawned(): Promise<{ running: Running; job: Job }> {
  const job = await writeJob({ engine: spawning({ constantMs: 200 }), rows: ROWS, config: FEW });
  return { job, running: startAbtie(["run", "job.yaml"], { cwd: job.folder }) };
}

async function expectAsIfNothing(running: Running, job: Job): Promise<void> {
  const { status, stderr } = await running.ended;
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expectValid(job.submission, job.ids);
  expect(readFileSync(job.submission, "utf8")).toBe(await undisturbed());
  expect(await gone(job.folder)).toEqual([]);
}

let cached: Promise<string> | undefined;

/** The submission of a run without any fault; the rows of every job here are the same. */
function undisturbed(): Promise<string> {
  cached ??= (async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
    expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
    return readFileSync(job.submission, "utf8");
  })();
  return cached;
}
