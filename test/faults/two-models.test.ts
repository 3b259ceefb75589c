import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { startAbtie } from "../helpers/abtie.ts";
import { startFakeProcess } from "../helpers/fake-process.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { answered, answeredInJournal, expectValid, readLines, summaryIn } from "../helpers/results.ts";

const ROWS = 48;
const FEW = { concurrency: 2, prompts_per_request: 2, request_timeout: "2s" };
const FIRST = { modelName: "small", root: "/models/small" };

describe("a run that is continued with another model", () => {
  test.each<[string, FakeKnobs, string]>([
    [
      "name",
      { modelName: "large" },
      "the model was small (weights /models/small), is now large (weights /models/small)",
    ],
    ["weights under the same name", { root: "/models/large" }, "is now small (weights /models/large)"],
    ["name in the answers", { answersAs: "large" }, "is now small (weights /models/small, answers as large)"],
  ])("is refused and changes nothing, but goes on with --force: another %s", async (_name, changes, text) => {
    const job = await interruptedJob();
    const before = { rows: readFileSync(job.rowsFile, "utf8"), answers: answeredInJournal(job.journal) };
    await using other = await startJudge({ ...FIRST, ...changes });
    await attach(job, other.url);
    const refused = await inProcess(["run", "job.yaml"], job.folder);
    expect(refused.status, refused.stderr).toBe(2);
    expect(refused.stderr).toContain(text);
    expect(readFileSync(job.rowsFile, "utf8")).toBe(before.rows);
    expect(answeredInJournal(job.journal)).toBe(before.answers);
    expectValid(job.submission, job.ids);

    const forced = await inProcess(["run", "job.yaml", "--force"], job.folder);
    expect(forced.status, forced.stderr).toBe(0);
    expect(forced.stderr).toContain("continuing although the model was");
    expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  });

  test("is not refused when only the address is another", async () => {
    const job = await interruptedJob();
    await using same = await startJudge(FIRST);
    await attach(job, same.url);
    expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  });

  test("is refused too when the manifest is of an earlier version and only the journal names the model", async () => {
    const job = await interruptedJob();
    const path = join(job.folder, "run/manifest.json");
    const { model, ...old } = JSON.parse(await readFile(path, "utf8"));
    expect(model).toEqual({ id: "small", root: "/models/small", answersAs: "small" });
    await writeFile(path, JSON.stringify({ ...old, format: 1 }));
    await using other = await startJudge({ ...FIRST, modelName: "large" });
    await attach(job, other.url);
    expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 2 });
    await using same = await startJudge(FIRST);
    await attach(job, same.url);
    expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ format: 2, model });
  });

  test("is not refused for the name that abtie makes up for a server that it starts", async () => {
    const job = await writeJob({ engine: spawning({ constantMs: 50 }), rows: ROWS, config: FEW });
    await interrupt(job);
    expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
    const { model } = JSON.parse(await readFile(join(job.folder, "run/manifest.json"), "utf8"));
    expect(model).toEqual({ id: TOKENIZER, root: null, answersAs: null });
  });
});

test.each<[string, FakeKnobs]>([
  ["names", { modelName: "large" }],
  ["weights", { root: "/models/large" }],
])("two servers of one run whose models have different %s are refused before a row is sent", async (_name, changes) => {
  await using one = await startJudge(FIRST);
  await using two = await startJudge({ ...FIRST, ...changes });
  const job = await writeJob({ engine: attachTo(one, two), rows: 12 });
  const { status, stderr } = await inProcess(["run", "job.yaml"], job.folder);
  expect(status, stderr).toBe(2);
  expect(stderr).toContain("The engines serve different models");
  expect(stderr).toContain(one.url);
  expect(stderr).toContain(two.url);
  expect(answeredInJournal(job.journal)).toBe(0);
});

test.each<[string, Readonly<Record<string, unknown>>, FakeKnobs, string]>([
  ["another name", {}, { modelName: "large" }, "it serves another model now: it served small"],
  [
    "404 and another name, where the config names the model",
    { model: "small" },
    { modelName: "large" },
    "does not serve small",
  ],
  [
    "other weights",
    {},
    { root: "/models/large" },
    "it serves another model now: it served small (weights /models/small)",
  ],
])("an engine that comes back with %s is gone", async (_name, engine, changes, reason) => {
  const fake = await startFakeProcess({ ...FIRST, constantMs: 50 });
  const job = await writeJob({
    engine: { attach: fake.url, tokenizer: TOKENIZER, ...engine },
    rows: ROWS,
    config: FEW,
  });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 8);
  await fake.restart(changes);
  const { status, stderr } = await running.ended;
  expect(status, stderr).toBe(5);
  expect(stderr).toMatch(/engine .* is given up: /);
  expect(stderr).toContain(reason);
  expectValid(job.submission, job.ids);
  expect(summaryIn(job.folder).end).toBe("engine-lost");
  // The server that came back answered nothing but the questions of the start, of one prompt each.
  expect(await fake.prompts()).toBeLessThan(5);
});

test("an engine whose answers begin to bear another name is gone, and the other engine answers its rows", async () => {
  const expected = await undisturbed();
  await using one = await startJudge({ ...FIRST, constantMs: 20 });
  await using two = await startJudge({ ...FIRST, constantMs: 20 });
  const job = await writeJob({ engine: attachTo(one, two), rows: ROWS, config: FEW });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("both have answered", () => one.stats.prompts > 8 && two.stats.prompts > 8);
  // Another model gives other answers, so that one used answer would show.
  two.change({ answersAs: "large", seed: 99 });
  const { status, stderr } = await running.ended;
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(
    `engine ${two.url} is given up: The answer is from the model "large", where "small" answered before`,
  );
  expect(readFileSync(job.submission, "utf8")).toBe(expected);
});

test("when the answers of the only engine bear another name, the rest keeps the fallback", async () => {
  await using judge = await startJudge({ ...FIRST, constantMs: 50 });
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS, config: FEW });
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 8);
  judge.change({ answersAs: "large" });
  const { status, stderr } = await running.ended;
  expect(status, stderr).toBe(5);
  expectValid(job.submission, job.ids);
  const rest = readLines(job.rowsFile).filter(({ ab }) => ab === null);
  expect(rest.length).toBeGreaterThan(0);
  expect(rest.every(({ reason }) => reason !== null)).toBe(true);
});

/** A run of the first model that was interrupted when some of its rows were answered. */
async function interruptedJob(): Promise<Job> {
  await using judge = await startJudge({ ...FIRST, constantMs: 50 });
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS, config: FEW });
  await interrupt(job);
  return job;
}

async function interrupt(job: Job): Promise<void> {
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await answered(job, 8);
  running.child.kill("SIGINT");
  expect((await running.ended).status).toBe(130);
  expect(answeredInJournal(job.journal)).toBeLessThan(ROWS);
}

async function attach(job: Job, url: string): Promise<void> {
  const path = join(job.folder, "job.yaml");
  await writeFile(path, (await readFile(path, "utf8")).replace(/http:\/\/127\.0\.0\.1:\d+/, url));
}

let cached: Promise<string> | undefined;

/** The submission of a run without any fault. */
function undisturbed(): Promise<string> {
  cached ??= (async () => {
    await using judge = await startJudge(FIRST);
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
    expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
    return readFileSync(job.submission, "utf8");
  })();
  return cached;
}
