import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { FakeFault } from "../fixtures/engine/fake-vllm.mjs";
import { abtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

const ROWS = 24;

test.concurrent.each<[string, readonly FakeFault[]]>([
  ["429 to the first request", [{ kind: "overloaded", times: 1 }]],
  ["503 to the first two requests", [{ kind: "unavailable", times: 2 }]],
  ["500 to the first request", [{ kind: "http500", times: 1 }]],
  ["a reset of the first request", [{ kind: "reset", times: 1 }]],
  ["500 to the question for the dialect", [{ kind: "http500", after: 1, times: 1 }]],
  ["a reset of the question for the dialect", [{ kind: "reset", after: 1, times: 1 }]],
  ["500 when the first text is tokenised", [{ kind: "http500", times: 1, on: "/tokenize" }]],
  ["429 when the first text is tokenised", [{ kind: "overloaded", times: 1, on: "/tokenize" }]],
])("a run begins as if nothing had been after: %s", async (_name, faults) => {
  // The fake counts the times down.
  const times = faults[0]?.times;
  await using judge = await startJudge({ faults });
  const tokenizer = faults.some(({ on }) => on === "/tokenize") ? { tokenizer: false } : {};
  const job = await writeJob({ engine: { ...attachTo(judge), ...tokenizer }, rows: ROWS });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status, run.stderr).toBe(0);
  expect(Object.values(judge.stats.faults)).toEqual([times]);
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
  // The best dialect was chosen, although one request for it failed.
  expect(summaryIn(job.folder)).toMatchObject({ engine: { method: "logprob_token_ids" } });
});

test.concurrent("a server that abtie started begins in the same way", async () => {
  const job = await writeJob({ engine: spawning({ faults: [{ kind: "http500", times: 2 }] }), rows: ROWS });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
});

test.concurrent("a refusal that would come again ends the start at once, with status 4", async () => {
  await using judge = await startJudge({ apiKey: "right" });
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
  const run = await inProcess(["run", "job.yaml"], job.folder, { OPENAI_API_KEY: "wrong" });
  expect(run.status).toBe(4);
  expectValid(job.submission, job.ids);
});

test.concurrent("a start that goes on failing ends at the deadline with a complete file", async () => {
  await using judge = await startJudge({ faults: [{ kind: "overloaded" }] });
  const job = await writeJob({
    engine: attachTo(judge),
    rows: ROWS,
    config: { time: { deadline: "30s", reserve: "8s" } },
  });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.ms).toBeLessThan(60_000);
  expectValid(job.submission, job.ids);
});

test.concurrent("a server that lists no model is an engine error, not a mistake in the config", async () => {
  await using judge = await startJudge({ listsNothing: true });
  const job = await writeJob({ engine: attachTo(judge), rows: 3 });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status).toBe(4);
  expect(run.stderr).toContain("lists no model at /v1/models");
});

test.concurrent("one retry-after of a year does not end a short job", async () => {
  await using judge = await startJudge({ constantMs: 20, faults: [{ kind: "overloaded-year", after: 4, times: 1 }] });
  const time = { deadline: "40s", reserve: "2s" };
  const job = await writeJob({
    engine: attachTo(judge),
    rows: 64,
    config: { concurrency: 2, prompts_per_request: 2, time },
  });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(0);
  expect(judge.stats.faults["overloaded-year"]).toBe(1);
  // On a busy machine the pause may cost some rows a part of their text, never their answer.
  expect(readLines(job.rowsFile).filter(({ ab }) => ab === null)).toEqual([]);
});

test.concurrent.each([
  ["given", { concurrency: 2, prompts_per_request: 32 }],
  ["found", { prompts_per_request: 32 }],
])("a refused size of requests is learnt and reported: %s", async (by, config) => {
  await using judge = await startJudge({ maxPrompts: 8 });
  const job = await writeJob({ engine: attachTo(judge), rows: 800, config });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr).toContain("at most 8 prompts are sent in one request from now on");
  expect(run.stderr).toMatch(new RegExp(`in flight .* of 8 prompts \\(${by}; larger requests were refused\\)`));
  // At most 8 requests of 32 prompts are in flight, and come back as 16 of 16; after that no request is refused.
  expect(summaryIn(job.folder).session["failedRequests"]).toBeLessThanOrEqual(24);
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
  const events = readFileSync(job.journal, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(
    events.filter(({ event }) => event === "concurrency").some(({ promptsPerRequest }) => promptsPerRequest === 8),
  ).toBe(true);
});
