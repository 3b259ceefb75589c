import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { abtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { aliveWith } from "../helpers/processes.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

test("scores every row on a server that runs already, and does not stop it", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge) });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run).toMatchObject({ status: 0, stdout: "" });
  expectValid(job.submission, job.ids);
  expect(summaryIn(job.folder)).toMatchObject({ end: "done", rows: { "one-order": job.ids.length, prior: 0 } });
  expect((await fetch(`${judge.url}/health`)).status).toBe(200);
});

test("starts a server, scores every row, and leaves no process of it behind", async () => {
  const job = await writeJob({ engine: spawning({ ignoreSigterm: true, orphan: true }) });
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(aliveWith(job.folder)).toEqual([]);
  expect(run).toMatchObject({ status: 0, stdout: "" });
  expectValid(job.submission, job.ids);
  expect(readFileSync(join(job.folder, "run/server.log"), "utf8")).toContain("Application startup complete");
});

test("shares the rows among several servers", async () => {
  await using one = await startJudge({ constantMs: 20 });
  await using other = await startJudge({ constantMs: 20 });
  const job = await writeJob({ engine: attachTo(one, other), rows: 200, config: { concurrency: 2 } });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  expectValid(job.submission, job.ids);
  expect(Math.min(one.stats.prompts, other.stats.prompts)).toBeGreaterThan(50);
});

test("loses no row to its length, where a quarter exceed the server's limit", async () => {
  await using judge = await startJudge({ maxModelLen: 256 });
  const job = await writeJob({ engine: attachTo(judge), words: (row) => (row % 4 === 0 ? 900 : 6) });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  expectValid(job.submission, job.ids);
  const lines = readLines(job.rowsFile);
  expect(lines.every(({ obtained }) => obtained === "one-order")).toBe(true);
  expect(lines.map(({ ab }) => (ab?.cutTokens ?? 0) > 0)).toEqual(lines.map((_, row) => row % 4 === 0));
  expect(summaryIn(job.folder).marks).toMatchObject({ shortened: job.ids.length / 4 });
  expect(judge.stats.faults).toEqual({});
});

test("keeps every id of the examples as it stands in the file, anomalies included", async () => {
  await using judge = await startJudge();
  const input = new URL("../../examples/rows.csv", import.meta.url).pathname;
  const job = await writeJob({ engine: attachTo(judge), config: { input, template: "rules" } });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run).toMatchObject({ status: 0 });
  const ids = (parse(readFileSync(input), { columns: true }) as { id: string }[]).map(({ id }) => id);
  expectValid(job.submission, ids);
  expect(readLines(job.rowsFile).every(({ ab }) => ab !== null)).toBe(true);
  expect(run.stderr).toMatch(/rows? held control tokens, which were defused/);
});

test("averages both orders after swapping back, and joins them by id", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), config: { orders: "both", clip: [0, 1] } });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const rows = readLines(job.rowsFile);
  expect(rows.every(({ obtained }) => obtained === "both-orders")).toBe(true);
  for (const { probabilities, ab, ba } of rows) {
    const [a = 0, b = 0, tie = 0] = softmax(ab?.logProbs);
    const [b2 = 0, a2 = 0, tie2 = 0] = softmax(ba?.logProbs);
    expectClose(probabilities, [(a + a2) / 2, (b + b2) / 2, (tie + tie2) / 2], 9);
  }

  // The same comparisons with the responses swapped, and in another order of rows.
  const table = parse(readFileSync(join(job.folder, "rows.csv")), { columns: true }) as Record<string, string>[];
  const turned = table
    .map((row) => ({ ...row, response_a: row["response_b"], response_b: row["response_a"] }))
    .reverse();
  await writeFile(join(job.folder, "turned.csv"), stringify(turned, { header: true }));
  const flags = ["-i", "turned.csv", "--run", "turned"];
  expect(await inProcess(["run", "job.yaml", ...flags], job.folder)).toMatchObject({ status: 0 });
  const second = new Map(readLines(join(job.folder, "turned/rows.jsonl")).map((row) => [row.id, row]));
  for (const row of rows) {
    expect(second.get(row.id)).toMatchObject({ ab: row.ba, ba: row.ab });
    const [a, b, tie] = row.probabilities;
    expect(second.get(row.id)?.probabilities).toEqual([b, a, tie]);
  }
});

test("writes the probabilities of rows.jsonl into the submission, clipped and renormalised", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), config: { clip: [0.2, 0.5] } });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const submitted = expectValid(job.submission, job.ids);
  readLines(job.rowsFile).forEach(({ id, probabilities }, row) => {
    const clipped = probabilities.map((p) => Math.min(0.5, Math.max(0.2, p)));
    const sum = clipped.reduce((total, p) => total + p, 0);
    const { id: written, ...cells } = submitted[row] ?? { id: "" };
    expect(written).toBe(id);
    expectClose(
      Object.values(cells).map(Number),
      clipped.map((p) => p / sum),
      5,
    );
  });
});

test("scores labels of several tokens that begin alike", async () => {
  await using judge = await startJudge();
  const labels = { a: ["[[A]]"], b: ["[[B]]"], tie: ["[[C]]"] };
  const job = await writeJob({ engine: attachTo(judge), rows: 8, config: { labels } });
  expect(await inProcess(["run", "job.yaml", "--force"], job.folder)).toMatchObject({ status: 0 });
  const lines = readLines(job.rowsFile);
  expect(lines.every(({ obtained }) => obtained === "one-order")).toBe(true);
  // A label is at most as likely as its first token, which all share.
  for (const { ab } of lines) expect(ab?.mass).toBeLessThan(1);
});

test.each([
  ["warn", (_: readonly number[], own: readonly number[]) => own, /label mass/],
  ["fallback", (prior: readonly number[]) => prior, /label mass/],
])("applies the mass policy of the config to rows whose labels got no mass: %s", async (action, expected, reason) => {
  await using judge = await startJudge({ labels: [] });
  const prior = [0.5, 0.3, 0.2];
  const config = { prior, mass: { minimum: 0.01, action }, orders: "both", clip: [0, 1] };
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config });
  const run = await inProcess(["run", "job.yaml", "--force"], job.folder);
  expect(run.stderr).toContain("12 rows with low label mass");
  for (const row of readLines(job.rowsFile)) {
    expect(row.ab?.mass).toBeLessThan(0.01);
    expect(row.reason).toMatch(reason);
    const [a = 0, b = 0, tie = 0] = softmax(row.ab?.logProbs);
    const [b2 = 0, a2 = 0, tie2 = 0] = softmax(row.ba?.logProbs);
    const own = [(a + a2) / 2, (b + b2) / 2, (tie + tie2) / 2];
    expectClose(row.probabilities, expected(prior, own), 9);
  }
});

function expectClose(found: readonly number[], expected: readonly number[], digits: number): void {
  expect(found).toHaveLength(expected.length);
  for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, digits);
}

function softmax(logProbs: readonly (number | null)[] | undefined): readonly number[] {
  const weights = (logProbs ?? []).map((value) => Math.exp(value ?? Number.NEGATIVE_INFINITY));
  return weights.map((weight) => weight / weights.reduce((sum, value) => sum + value, 0));
}
