import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fake } from "../fixtures/engine/fake-vllm.mjs";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answersIn, expectValid, readLines, summaryIn } from "../helpers/results.ts";

/** The time that a command takes to start, on this machine as it is just now. */
const START_MS = (await abtie(["run", "nowhere.yaml"], { cwd: await temporaryFolder() })).ms;

/** A run whose engines abtie starts in turns; the second takes a while to start. */
function writeTurns(rows: number, more: Readonly<Record<string, unknown>> = {}, constantMs = 30): Promise<Job> {
  const judges = {
    quick: { engine: spawning({ constantMs }) },
    careful: { engine: spawning({ constantMs, seed: 2, listenAfterMs: 1_000 }) },
  };
  const config = { engine: undefined, judges, concurrency: 1, prompts_per_request: 2, ...more };
  return writeJob({ engine: {}, rows, config });
}

/** A run whose judges work side by side. */
function writeSideBySide(first: Fake, second: Fake, rows: number): Promise<Job> {
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  return writeJob({
    engine: {},
    rows,
    config: { engine: undefined, judges, concurrency: 1, prompts_per_request: 2, orders: "auto" },
  });
}

function answers(job: Job, journal: string): number {
  const path = join(job.folder, "run", journal);
  return existsSync(path) ? readFileSync(path, "utf8").split('"event":"row"').length - 1 : 0;
}

const FIRST = "journal.jsonl";
const SECOND = "judge-careful/journal.jsonl";

test("loses no answer and asks for none twice when it is killed in the first pass, in the change, and after it", async () => {
  const job = await writeTurns(60);
  const phases: readonly [string, () => boolean][] = [
    ["in the first pass", () => answers(job, FIRST) > 10],
    ["while the second engine starts", () => answers(job, FIRST) === 60],
    ["while the second judge answers", () => answers(job, SECOND) > 10],
  ];
  for (const [phase, isReached] of phases) {
    const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await until(`the run is ${phase}`, isReached);
    running.child.kill("SIGKILL");
    await running.ended;
    expect(await gone(job.folder)).toEqual([]);
    expectValid(job.submission, job.ids);
  }
  const last = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(last.status).toBe(0);
  expect([answers(job, FIRST), answers(job, SECOND)]).toEqual([60, 60]);
  const killed = answersIn(job.rowsFile);

  const undisturbed = await writeTurns(60);
  expect((await abtie(["run", "job.yaml"], { cwd: undisturbed.folder })).status).toBe(0);
  expect(killed).toEqual(answersIn(undisturbed.rowsFile));
});

test("asks the first of two judges in turns for the swapped answers that a kill left open", async () => {
  const judges = {
    quick: { engine: spawning({ constantMs: 30 }) },
    careful: { engine: spawning({ seed: 2 }) },
  };
  const config = { engine: undefined, orders: "both", judges, concurrency: 1, prompts_per_request: 1 };
  const job = await writeJob({ engine: {}, rows: 30, config });
  const swapped = (): number =>
    existsSync(job.journal) ? readFileSync(job.journal, "utf8").split(/"event":"row".*"order":"ba"/).length - 1 : 0;
  const killed = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("the first judge is in its swapped pass", () => swapped() > 3);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(swapped()).toBeLessThan(30);
  const resumed = await inProcess(["run", "job.yaml"], job.folder);
  expect(resumed.status, resumed.stderr).toBe(0);
  expect(readLines(job.rowsFile).every(({ ab, ba, second: by }) => ab && ba && by?.ab && by.ba)).toBe(true);
});

test("goes on with the first judge when the second is lost", async () => {
  await using first = await startJudge({ constantMs: 20 });
  await using second = await startJudge({ seed: 2, constantMs: 20 });
  const job = await writeSideBySide(first, second, 60);
  const run = inProcess(["run", "job.yaml", "--deadline", "40s"], job.folder);
  await until("the second judge answers", () => second.stats.prompts > 8);
  await second.close();
  const { status, stderr } = await run;
  expectValid(job.submission, job.ids);
  expect(readLines(job.rowsFile).every(({ ab }) => ab !== null)).toBe(true);
  expect(readLines(job.rowsFile).some(({ second: by }) => by?.ab != null)).toBe(true);
  expect(stderr).toMatch(/engine .* is lost/);
  expect(status).toBe(0);
});

test("a first judge that cannot be asked ends the run and the second, whose journal says that it failed", async () => {
  const none = await startJudge();
  await none.close();
  await using second = await startJudge({ seed: 2 });
  const job = await writeSideBySide(none, second, 12);
  const { status, stderr } = await inProcess(["run", "job.yaml"], job.folder);
  expect(status).toBe(4);
  expect(stderr).not.toMatch(/before the time for work was over|did not start: /);
  expectValid(job.submission, job.ids);
  const journal = readFileSync(join(job.folder, "run", SECOND), "utf8");
  expect(journal.match(/"event":"session-end".*/g)).toEqual([expect.stringContaining('"status":"failed"')]);
});

test("continues after a kill, and asks neither judge again for what is in the journals", async () => {
  await using first = await startJudge({ constantMs: 30 });
  await using second = await startJudge({ seed: 2, constantMs: 30 });
  const job = await writeSideBySide(first, second, 40);
  const killed = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("both judges answer", () => answers(job, FIRST) > 4 && answers(job, SECOND) > 4);
  killed.child.kill("SIGKILL");
  await killed.ended;
  // The job outlives its guard for a moment, and holds the lock of the run folder.
  expect(await gone(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
  const resumed = await inProcess(["run", "job.yaml"], job.folder);
  expect(resumed.status, resumed.stderr).toBe(0);
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "second-judge-one-order")).toBe(true);
  expect([answers(job, FIRST), answers(job, SECOND)]).toEqual([40, 40]);
});

test("writes no answer of a second judge whose few answers so far have no label mass, in any session", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ labels: [1, 2, 3] });
  const job = await writeSideBySide(first, second, 40);
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    // It stops answering after some rows, so that neither the session nor this judge can end before the signal.
    second.change({ faults: [{ kind: "hang", after: second.stats.requests + 8 }] });
    const before = answers(job, SECOND);
    const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await until("the second judge has answered some rows, and the first all", () => {
      return answers(job, SECOND) > before + 4 && answers(job, FIRST) === 40;
    });
    running.child.kill(signal);
    await running.ended;
    expect(await gone(job.folder)).toEqual([]);
    expect(answers(job, SECOND)).toBeLessThan(40);
    expectValid(job.submission, job.ids);
    expect(new Set(readLines(job.rowsFile).map(({ obtained }) => obtained))).toEqual(new Set(["one-order"]));
  }
});

test("publishes the answers of the second judge before its engine is stopped, because a stop may take longer than the time left", async () => {
  const judges = {
    quick: { engine: spawning({}) },
    careful: { engine: spawning({ seed: 2, ignoreSigterm: true }, { stop_grace: "8s" }) },
  };
  const job = await writeJob({ engine: {}, rows: 40, config: { engine: undefined, judges } });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  const published = (): number =>
    existsSync(job.rowsFile) ? readLines(job.rowsFile).filter(({ second }) => second?.ab != null).length : 0;
  await until("the results hold all answers", () => published() === 40);
  expect(aliveWith(job.folder).filter(({ command }) => command.includes("fake-vllm"))).not.toEqual([]);
  running.child.kill("SIGKILL");
  await running.ended;
  expectValid(job.submission, job.ids);
  expect(await gone(job.folder)).toEqual([]);
});

test.each([
  ["answers", {}, "done"],
  ["never gets ready", { acceptOnly: true }, "the engine of careful was not ready before the time for work was over"],
  ["hangs", { faults: [{ kind: "hang", after: 8 }] }, "done"],
])("ends before the deadline with a complete file when the second engine %s", async (_, knobs, said) => {
  const judges = {
    quick: { engine: spawning({ constantMs: 2 }) },
    careful: { engine: spawning({ constantMs: 300, seed: 2, ...knobs }, { ready_limit: "10m" }) },
  };
  // What a start takes is guessed from that of the first engine, which is short: the plan has the second judge.
  const config = { engine: undefined, judges, concurrency: 1, prompts_per_request: 1 };
  const job = await writeJob({ engine: {}, rows: 80, config });
  const seconds = Math.ceil((15_000 + 12 * START_MS) / 1_000);
  const run = await abtie(["run", "job.yaml", "--deadline", `${seconds}s`], { cwd: job.folder });
  expect(run.ms).toBeLessThan(1_000 * seconds + START_MS);
  expect(run.signal).toBe(null);
  expectValid(job.submission, job.ids);
  expect(readLines(job.rowsFile).every(({ ab }) => ab !== null)).toBe(true);
  expect(run.stderr).toContain("the engine of quick is stopped, and that of careful starts");
  expect(run.stderr).toContain(said);
  expect(["deadline", "done"]).toContain(summaryIn(job.folder).end);
  expect(await gone(job.folder)).toEqual([]);
});
