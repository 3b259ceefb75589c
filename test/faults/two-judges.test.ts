import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type Job, spawning, writeJob } from "../helpers/job.ts";
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
  ["answers", {}],
  ["never gets ready", { acceptOnly: true }],
  ["hangs", { faults: [{ kind: "hang", after: 8 }] }],
])("ends before the deadline with a complete file when the second engine %s", async (_, knobs) => {
  const judges = {
    quick: { engine: spawning({ constantMs: 2 }) },
    careful: { engine: spawning({ constantMs: 300, seed: 2, ...knobs }, { ready_limit: "10m" }) },
  };
  // What a start takes is not known before, so that the plan would leave the second judge out of a short run.
  const config = { engine: undefined, judges, concurrency: 1, prompts_per_request: 1 };
  const job = await writeJob({ engine: {}, rows: 80, config });
  const seconds = Math.ceil((15_000 + 12 * START_MS) / 1_000);
  const run = await abtie(["run", "job.yaml", "--deadline", `${seconds}s`], { cwd: job.folder });
  expect(run.ms).toBeLessThan(1_000 * seconds + START_MS);
  expect(run.signal).toBe(null);
  expectValid(job.submission, job.ids);
  expect(readLines(job.rowsFile).every(({ ab }) => ab !== null)).toBe(true);
  expect(["deadline", "done"]).toContain(summaryIn(job.folder).end);
  expect(await gone(job.folder)).toEqual([]);
});
