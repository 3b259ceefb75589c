import { existsSync, readFileSync } from "node:fs";
import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { describe, expect, test } from "vitest";
import { encodeEvent } from "../../src/runfolder/journal/events.ts";
import type { Fake, FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, EVIDENCE, type Job, type JobOptions, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

/** A run whose rows all have a better answer that the second judge sees and the first does not. */
function writeTwo(first: Fake, second: Fake, { config = {}, ...more }: Partial<JobOptions> = {}) {
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  return writeJob({
    engine: {},
    rows: 40,
    better: (row) => (row % 2 === 0 ? "a" : "b"),
    ...more,
    config: { engine: undefined, orders: "auto", judges, ...config },
  });
}

function eventsIn({ folder }: Job, journal: string) {
  const lines = readFileSync(join(folder, journal), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as { event: string; at: number; seconds?: number });
}

test("gives every row the first judge, and all that gain something the second while time is left", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ evidence: EVIDENCE, seed: 2 });
  const job = await writeTwo(first, second);
  const run = await inProcess(["run", "job.yaml", "--deadline", "60s"], job.folder);
  expect(run.stderr).toContain("done");
  expect(run.status).toBe(0);
  expectValid(job.submission, job.ids);
  const lines = readLines(job.rowsFile);
  expect(lines.every(({ ab }) => ab !== null)).toBe(true);
  expect(lines.filter(({ obtained }) => obtained === "second-judge-both-orders").length).toBeGreaterThan(20);
  const summary = summaryIn(job.folder);
  expect(summary).toMatchObject({
    end: "done",
    second: { judges: ["quick", "careful"], answers: { asGiven: 40 }, model: "fake" },
  });
  const inner = join(job.folder, "run/judge-careful");
  for (const file of ["manifest.json", "journal.jsonl", "rows.jsonl", "summary.json"]) {
    expect(existsSync(join(inner, file))).toBe(true);
  }
  expect(JSON.parse(readFileSync(join(inner, "manifest.json"), "utf8")).config.engine.urls).toEqual([second.url]);
});

test("asks the second judge for every row once when there is no deadline", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const job = await writeTwo(first, second);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const lines = readLines(job.rowsFile);
  expect(new Set(lines.map(({ obtained }) => obtained))).toEqual(new Set(["second-judge-one-order"]));
  expect(lines.every(({ ba, second: by }) => ba === null && by?.ab != null && by.ba === null)).toBe(true);
  // Without labelled rows the second judge replaces the first.
  const alone = readLines(join(job.folder, "run/judge-careful/rows.jsonl"));
  for (const [at, { probabilities }] of lines.entries()) {
    for (const [k, p] of probabilities.entries()) expect(p).toBeCloseTo(alone[at]?.probabilities[k] ?? -1, 9);
  }
  const again = await inProcess(["run", "job.yaml"], job.folder);
  expect(again.status).toBe(0);
  expect(summaryIn(job.folder).session).toMatchObject({ scoredPrompts: 0, requests: 0 });
});

describe("engines that abtie starts", () => {
  const spawned = (knobs: FakeKnobs = {}) => ({ engine: spawning(knobs) });

  test("take turns: the first is stopped before the second starts", async () => {
    const judges = { quick: spawned({ ignoreSigterm: true }), careful: spawned({ seed: 2 }) };
    const job = await writeJob({ engine: {}, rows: 30, config: { engine: undefined, orders: "auto", judges } });
    const run = await inProcess(["run", "job.yaml", "--deadline", "90s"], job.folder);
    expect(run.stderr).toContain("the engine of quick is stopped, and that of careful starts");
    expect(run.status).toBe(0);
    expectValid(job.submission, job.ids);
    expect(summaryIn(job.folder)).toMatchObject({ second: { answers: { asGiven: 30 } } });
    const small = eventsIn(job, "run/journal.jsonl").filter(({ event }) => event === "row");
    const large = eventsIn(job, "run/judge-careful/journal.jsonl");
    // What the second engine takes to start does not contain the first pass. Half a second is for the two clocks.
    const planned = large.find(({ event }) => event === "plan")?.at ?? 0;
    const { seconds } = JSON.parse(readFileSync(join(job.folder, "run/judge-careful/summary.json"), "utf8"));
    expect(1_000 * seconds.startUp).toBeLessThan(planned - (small.at(-1)?.at ?? 0) + 500);
    expect(seconds.startUp + seconds.scoring).toBeLessThanOrEqual(seconds.total);
    expect(small.at(-1)?.at).toBeLessThanOrEqual(large.find(({ event }) => event === "engine")?.at ?? 0);
    // Summary and journal count from the same moment, before the first engine is stopped, which takes 500 ms here.
    const [journaled, ...others] = large.flatMap(({ event, seconds }) => (event === "start-up" ? [seconds] : []));
    expect(others).toEqual([]);
    expect(journaled).toBeGreaterThan(0.5);
    expect(journaled).toBeLessThanOrEqual(seconds.startUp);
    expect(eventsIn(job, "run/journal.jsonl").at(-2)?.event).toBe("session-end");
  });

  test("have started beside an attached first when they are ready, also when that one has answered everything before", async () => {
    await using first = await startJudge({ constantMs: 50 });
    const judges = { quick: { engine: attachTo(first) }, careful: spawned({ seed: 2, listenAfterMs: 2_000 }) };
    const config = { engine: undefined, judges, concurrency: 1, prompts_per_request: 1 };
    const job = await writeJob({ engine: {}, rows: 12, config });
    expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
    const start = eventsIn(job, "run/judge-careful/journal.jsonl").find(({ event }) => event === "start-up");
    expect(start?.seconds).toBeGreaterThanOrEqual(2);
  });

  test("leave the answers of the first judge when the second does not start", async () => {
    const judges = { quick: spawned(), careful: spawned({ failText: "no GPU", seed: 2 }) };
    const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.stderr).toContain("The engine of the judge careful did not start");
    expect(run.stderr).toContain("The answers of quick stand");
    expect(run.status).toBe(4);
    expectValid(job.submission, job.ids);
    expect(summaryIn(job.folder)).toMatchObject({ end: "engine-lost", rows: { "one-order": 12 } });
  });
});

test.each([
  ["side by side", false],
  ["in turns", true],
])("leaves the answers of a second judge without label mass out, in every later run too: %s", async (_, inTurns) => {
  await using first = await startJudge();
  await using second = await startJudge({ labels: [1, 2, 3] });
  const judges = inTurns
    ? { quick: { engine: spawning({}) }, careful: { engine: spawning({ labels: [1, 2, 3] }) } }
    : { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const job = await writeTwo(first, second, { config: { judges } });
  for (const session of ["first", "second", "third"]) {
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status, session).toBe(4);
    expect(run.stderr).toMatch(/careful: The median label mass of 40 rows is 0\.0000\d+/);
    expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "one-order")).toBe(true);
    expect(summaryIn(job.folder).end).toBe("low-mass");
  }
});

test("refuses to continue with other settings of the second judge", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const job = await writeTwo(first, second, { rows: 12 });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const path = join(job.folder, "job.yaml");
  await writeFile(path, readFileSync(path, "utf8").replace("careful:\n", "careful:\n    context: 300\n"));
  const refused = await inProcess(["run", "job.yaml"], job.folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/judge-careful holds answers of a run with other settings/);
  expect(refused.stderr).toContain("context was not set, is now 300");
});

test("fits how both judges are combined to labelled rows, and a later run uses the file and refuses one of another template", async () => {
  await using first = await startJudge({ seed: 4 });
  await using second = await startJudge({ evidence: EVIDENCE, seed: 2 });
  const labels = { columns: { label: "label" } };
  const job = await writeTwo(first, second, { rows: 60, config: { orders: "both", ...labels } });
  await labelRows(job.folder);
  const pilot = await inProcess(["run", "job.yaml"], job.folder);
  expect(pilot.status).toBe(0);
  const lines = readLines(job.rowsFile);
  expect(lines.every(({ ab, ba, second: by }) => ab && ba && by?.ab && by.ba)).toBe(true);

  // Earlier versions journaled a start of engines that ran already.
  await appendFile(job.journal, encodeEvent({ event: "start-up", at: 0, seconds: 120 }));
  const fitted = await inProcess(["calibrate", "run", "-o", "both.json"], job.folder);
  expect(fitted.stderr).toContain("calibration written");
  expect(fitted.stdout).toMatch(/quick and careful +0\.\d+/);
  expect(JSON.parse(readFileSync(join(job.folder, "both.json"), "utf8"))).toMatchObject({
    version: 2,
    pilot: { tokensPerSecond: [expect.any(Number), expect.any(Number)], startUpSeconds: [null, null] },
  });
  const path = join(job.folder, "job.yaml");
  await writeFile(path, `${readFileSync(path, "utf8")}calibration: both.json\n`);
  const again = await inProcess(["run", "job.yaml"], job.folder);
  expect(again.status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ second: { combination: join(job.folder, "both.json") } });
  expect(readLines(job.rowsFile)[0]?.probabilities).not.toEqual(lines[0]?.probabilities);

  expect((await inProcess(["report", "run"], job.folder)).status).toBe(0);
  expect(readFileSync(join(job.folder, "run/report.md"), "utf8")).toMatch(
    /\| careful, swapped \| .* \| 60 \| 100 % \|/,
  );
  expect(readFileSync(join(job.folder, "run/report.html"), "utf8")).toContain("Two judges");

  // A gain of another file would be shown as that of this run.
  const gains = (): string | undefined =>
    /\| quick, swapped .*/.exec(readFileSync(join(job.folder, "run/report.md"), "utf8"))?.[0];
  expect(gains()).toMatch(/0\.\d+/);
  const file = join(job.folder, "both.json");
  const combination = readFileSync(file, "utf8");
  await writeFile(file, "of a newer version");
  await rename(join(job.folder, "run/judge-careful"), join(job.folder, "elsewhere"));
  expect((await inProcess(["report", "run", "--force"], job.folder)).status).toBe(0);
  expect(gains()).not.toMatch(/0\.\d+/);
  await writeFile(file, combination);

  const template = join(job.folder, "template.jinja");
  await writeFile(template, readFileSync(template, "utf8").replace("A: ", "First: "));
  const refused = await inProcess(["run", "job.yaml", "--run", "other"], job.folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("both.json does not fit this run");
});

/** Gives each row the label of its marked answer. */
async function labelRows(folder: string): Promise<void> {
  const path = join(folder, "rows.csv");
  const rows = parse(readFileSync(path, "utf8"), { columns: true }) as Record<string, string>[];
  const labelled = rows.map((row) => ({ ...row, label: row["response_a"]?.includes('"! ') ? "A" : "B" }));
  await writeFile(path, stringify(labelled, { header: true }));
}
