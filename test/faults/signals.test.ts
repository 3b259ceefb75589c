import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { attachTo, type Job, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answered, expectValid, readLines, summaryIn } from "../helpers/results.ts";

const DISTURB = fileURLToPath(new URL("../fixtures/cli/disturb-job.cjs", import.meta.url));
/** Everything that makes a server hard to end, and slow enough that a run of 400 rows takes half a minute. */
const STUBBORN = { ignoreSigterm: true, orphan: true, constantMs: 300 };
const TIMEOUT = { timeout: 120_000 };
const SLOWLY = { concurrency: 2, prompts_per_request: 2 };

test.concurrent.each(["SIGINT", "SIGTERM"] as const)(
  "stops in order at %s: the file is valid, the engine has ended",
  async (signal) => {
    const job = await writeJob({ engine: spawning(STUBBORN), rows: 400, config: SLOWLY });
    const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await answered(job, 1);
    running.child.kill(signal);
    const ended = await running.ended;
    expect(aliveWith(job.folder)).toEqual([]);
    expect(ended).toMatchObject({ status: 130, stdout: "" });
    expectValid(job.submission, job.ids);
    const { rows } = summaryIn(job.folder);
    expect(rows["one-order"]).toBeGreaterThan(0);
    expect(readLines(job.rowsFile).filter(({ ab }) => ab !== null)).toHaveLength(rows["one-order"] ?? 0);
  },
);

test.concurrent("stops in order while the server is still starting", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning({ neverListen: true, ignoreSigterm: true }) });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("the server is started", () => aliveWith(job.folder).length >= 3);
  running.child.kill("SIGINT");
  expect((await running.ended).status).toBe(130);
  expect(aliveWith(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent("ends at once at the second Ctrl-C, and the supervisor ends the server", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning(STUBBORN, { stop_grace: "4s" }), rows: 400, config: SLOWLY });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 1);
  running.child.kill("SIGINT");
  await sleep(800);
  running.child.kill("SIGINT");
  expect((await running.ended).status).toBe(130);
  // It has not waited for the server, which has 4 s to stop by itself.
  expect(aliveWith(job.folder)).not.toEqual([]);
  expect(await gone(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent("leaves nothing alive after kill -9", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning(STUBBORN), rows: 400, config: SLOWLY });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 1);
  running.child.kill("SIGKILL");
  await running.ended;
  expect(await gone(job.folder)).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent("leaves nothing alive and a valid file when its job throws where nobody catches", TIMEOUT, async () => {
  const job = await writeJob({ engine: spawning(STUBBORN), rows: 400, config: SLOWLY });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder, env: disturbed("throw", 4_000) });
  const ended = await running.ended;
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain("a bug of abtie");
  expect(await gone(job.folder)).toEqual([]);
  expectOldOrNoFile(job);
});

test.concurrent("outlives a closed terminal when it was started without one", TIMEOUT, async () => {
  await using judge = await startJudge({ constantMs: 100 });
  const job = await writeJob({ engine: attachTo(judge), config: SLOWLY });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 1);
  running.child.kill("SIGHUP");
  expect((await running.ended).status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ end: "done", rows: { prior: 0 } });
});

function disturbed(how: string, afterMs: number): Record<string, string> {
  return { NODE_OPTIONS: `--require ${DISTURB}`, ABTIE_TEST_DISTURB: JSON.stringify({ how, afterMs }) };
}

/** On a slow machine the disturbance may come before the first file. */
function expectOldOrNoFile(job: Job): void {
  if (existsSync(job.submission) || existsSync(join(job.folder, "run/server.log")))
    expectValid(job.submission, job.ids);
}
