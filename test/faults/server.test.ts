import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Running, startAbtie } from "../helpers/abtie.ts";
import { startFakeProcess } from "../helpers/fake-process.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { seeded } from "../helpers/random.ts";
import { expectValid, readLines } from "../helpers/results.ts";
import { faultRounds } from "../helpers/rounds.ts";

const ROWS = 64;
const ROUNDS = faultRounds(1);
const FEW = { concurrency: 4, prompts_per_request: 2, request_timeout: "2s" };
const random = seeded(20_241_122);
const seeds = Array.from({ length: ROUNDS }, () => random());

it.each(
  "http500 overloaded unavailable reset half half-hang hang not-json nan null wrong-ids missing-label wrong-usage wrong-count wrong-index positive"
    .split(" ")
    .map((kind) => [kind]),
)("answers every row as if nothing had been, after a storm of: %s", async (kind) => {
  const expected = await undisturbed();
  for (const seed of seeds) {
    const faults = [{ kind, after: 4 + Math.floor(seed * 20), times: 6 }];
    await using judge = await startJudge({ constantMs: 5, faults });
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS, config: FEW });
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(judge.stats.faults).toEqual({ [kind]: 6 });
    expect(run.status).toBe(0);
    expect(readFileSync(job.submission, "utf8")).toBe(expected);
    expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
  }
});

it.each(seeds)("starts its own server again when it is killed, and keeps what it has (%f)", async (seed) => {
  const { running, job } = await startSpawned();
  await answered(running, job, Math.floor(seed * 30));
  for (const { pid, command } of aliveWith(job.folder)) if (command.includes(" serve ")) process.kill(pid, "SIGKILL");
  await expectAsIfNothing(running, job);
  expect((await running.ended).stderr).toContain("bringing it back");
});

it.each(seeds)("starts its own server again when it is frozen (%f)", async (seed) => {
  const { running, job } = await startSpawned();
  await answered(running, job, Math.floor(seed * 30));
  for (const { pid, command } of aliveWith(job.folder)) if (command.includes(" serve ")) process.kill(pid, "SIGSTOP");
  await expectAsIfNothing(running, job);
});

it.each([
  ["with its own tokenizer", TOKENIZER],
  ["with the server's tokenizer", false],
])("comes back to a server that was down for a while, %s", async (_name, tokenizer) => {
  const fake = await startFakeProcess({ constantMs: 100 });
  const job = await writeJob({ engine: { attach: fake.url, tokenizer }, rows: ROWS, config: FEW });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("some rows are answered", async () => (await fake.prompts()) > 12);
  fake.signal("SIGKILL");
  await until("the loss is noticed", () => running.said().includes("is lost"));
  await fake.restart();
  await expectAsIfNothing(running, job);
});

it("goes on when a frozen server thaws, or one is ten times slower", async () => {
  const fake = await startFakeProcess({ constantMs: 50 });
  const job = await writeJob({ engine: { attach: fake.url, tokenizer: TOKENIZER }, rows: ROWS, config: FEW });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("some rows are answered", async () => (await fake.prompts()) > 12);
  await fetch(`${fake.url}/fake/settings`, { method: "POST", body: '{"slowFactor":10}' });
  fake.signal("SIGSTOP");
  setTimeout(() => fake.signal("SIGCONT"), 3_000);
  await expectAsIfNothing(running, job);
});

async function startSpawned(): Promise<{ running: Running; job: Job }> {
  const job = await writeJob({ engine: spawning({ constantMs: 200 }), rows: ROWS, config: FEW });
  return { job, running: startAbtie(["run", "job.yaml"], { cwd: job.folder }) };
}

function answered(running: Running, job: Job, rows: number): Promise<void> {
  const count = (): number => readFileSync(job.journal, "utf8").split('"event":"row"').length - 1;
  return until("some rows are answered", () => running.said().includes("rows/s") && count() >= rows);
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
