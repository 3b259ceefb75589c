import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunSummary } from "../../src/job/summary.ts";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { startFakeProcess } from "../helpers/fake-process.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { expectValid, readLines } from "../helpers/results.ts";

// Long enough for a start, and for the end before the watchdog, on a busy machine.
const SOON = { deadline: "50s", reserve: "16s" };

test.concurrent("an engine that is still starting at the deadline: status 4, with the stage and the end of its log", async () => {
  const job = await writeJob({ engine: spawning({ healthyAfterMs: 600_000 }), rows: 8, config: { time: SOON } });
  mkdirSync(join(job.folder, "run"));
  writeFileSync(join(job.folder, "run/server.log"), "the cause of an earlier end\n");
  const run = await abtie(["run", "job.yaml", "--json"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(4);
  expect(run.stderr).not.toContain("the cause of an earlier end");
  expect(run.stderr).toContain("No engine was ready before the time for work was over");
  expect(run.stderr).toMatch(/Last stage of the start: engine: \w+/);
  expect(run.stderr).toContain("Application startup complete");
  expect(run.stderr).toContain(`Log: ${join(job.folder, "run/server.log")}`);
  expectValid(job.submission, job.ids);
  expect(new Set(readLines(job.rowsFile).map(({ reason }) => reason))).toEqual(
    new Set(["the engine has answered no row"]),
  );
  const { end, failure, seconds } = JSON.parse(run.stdout) as RunSummary;
  expect({ end, startUp: seconds.startUp }).toEqual({ end: "deadline", startUp: null });
  expect(failure?.details.join("\n")).toContain("Application startup complete");
});

test.concurrent("an engine that answers only the questions of the start: status 4, with the last error", async () => {
  await using judge = await startJudge({ faults: [{ kind: "not-json", after: 2 }] });
  const job = await writeJob({ engine: attachTo(judge), rows: 8, config: { time: SOON } });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(4);
  expect(run.stderr).toContain("The engine answered no row before the time for work was over");
  expect(run.stderr).toMatch(/Last error: .*JSON/);
  expect(run.stderr).toMatch(/failed: the answer could not be used/);
  expect(run.stderr).not.toMatch(/done in|not reached|malformed/);
  expectValid(job.submission, job.ids);
});

test.concurrent("an engine that is lost for good before its first answer: status 4 for a run", async () => {
  const fake = await startFakeProcess({ modelName: "small", constantMs: 1_500 });
  const engine = { attach: fake.url, tokenizer: TOKENIZER };
  const job = await writeJob({ engine, rows: 8, config: { concurrency: 2, prompts_per_request: 2 } });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  // Two questions of the start have one prompt each; then the first rows are in flight.
  await until("rows are in flight", async () => (await fake.prompts()) > 3);
  await fake.restart({ modelName: "large" });
  const run = await running.ended;
  expect(run.status, run.stderr).toBe(4);
  expect(run.stderr).toContain("The engine answered no row before it was lost for good");
  expect(run.stderr).toContain("it serves another model now");
  expectValid(job.submission, job.ids);
});

test.concurrent("a finished run that is started again has no time until an engine was ready", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 8 });
  const first = await inProcess(["run", "job.yaml"], job.folder);
  expect(first.stderr).toContain("until the engine was ready");
  const again = await inProcess(["run", "job.yaml"], job.folder);
  expect(again).toMatchObject({ status: 0 });
  expect(again.stderr).not.toContain("until the engine was ready");
  const summary = JSON.parse(readFileSync(join(job.folder, "run/summary.json"), "utf8")) as RunSummary;
  expect(summary.seconds.startUp).toBeNull();
});
