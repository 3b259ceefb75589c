import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BenchResult } from "../../src/bench/bench-file.ts";
import { bench } from "../../src/commands/bench.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { createEffects } from "../../src/system.ts";
import { abtie } from "../helpers/abtie.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { gone } from "../helpers/processes.ts";

const WORDS = (row: number): number => 4 + (row % 40);

test("measures several settings, reports that a job fits, and writes numbers and a picture", async () => {
  await using judge = await startJudge({ msPerToken: 0.05 });
  const job = await writeJob({ engine: attachTo(judge), rows: 400, words: WORDS });
  const run = await abtie(["bench", "job.yaml", "--rows", "25000", "--deadline", "9h"], { cwd: job.folder });
  expect(run.stderr).toMatch(/25,000 rows in 9h00m: fits, \d/);
  expect(run.stderr).toMatch(/^[\d.]+ s a sample \(p50 [\d.]+ s, p95 [\d.]+ s\)$/m);
  expect(run).toMatchObject({ status: 0, stdout: "" });
  const result = JSON.parse(readFileSync(join(job.folder, "run/bench.json"), "utf8")) as BenchResult;
  expect(result.forecast).toMatchObject({ rows: 25_000, prompts: 25_000, verdict: { fits: "yes" } });
  expect(result.lengths).toMatchObject({ rows: 400, tokenised: 400, shortened: 0 });
  expect(result.speeds.settings[0]).toMatchObject({ concurrency: 1, promptsPerRequest: 1 });
  expect(result.speeds.settings.length).toBeGreaterThan(2);
  // The fake's device takes this long for a token and one request after another: nothing can be faster.
  const { fit } = result.speeds;
  expect(fit.rowMs / result.lengths.meanTokens + fit.tokenMs).toBeGreaterThan(0.8 * 0.05);
  const picture = readFileSync(join(job.folder, "run/bench.svg"), "utf8");
  expect(picture).toContain(result.verdict);
  expect(picture.match(/<circle class="mark/g)?.length).toBeGreaterThanOrEqual(result.speeds.settings.length);
  expect(picture).not.toContain("NaN");
});

test("gives run and plan its best setting and its speed", async () => {
  await using judge = await startJudge({ msPerToken: 0.05 });
  const job = await writeJob({ engine: attachTo(judge), rows: 60 });
  const inFolder = (...args: string[]) => abtie(args, { cwd: job.folder });
  const unmeasured = await inFolder("plan", "job.yaml");
  expect(unmeasured.stdout).toContain(
    "unknown without a speed: `abtie bench` measures it, or give --tokens-per-second",
  );
  expect((await inFolder("bench", "job.yaml", "-j", "3", "--sample", "20")).status).toBe(0);
  const run = await inFolder("run", "job.yaml", "--bench", "run/bench.json", "--json");
  expect(run.status, run.stderr).toBe(0);
  const manifest = JSON.parse(readFileSync(join(job.folder, "run/manifest.json"), "utf8"));
  expect(manifest.config.engine).toMatchObject({ concurrency: 3, promptsPerRequest: 4 });
  const plan = await inFolder("plan", "job.yaml", "--bench", "run/bench.json", "--json");
  expect(JSON.parse(plan.stdout).ladder[0].seconds).toBeGreaterThan(0);
  // The bench.json of the run folder needs no flag, and the plan says so.
  for (const args of [["plan"], ["run", "--dry-run", "--run", "run"]]) {
    const found = await inFolder(...args, "job.yaml");
    expect(found.stdout).toMatch(/speed +[\d,]+ tokens\/s, from .*run\/bench\.json, which is in the run folder/);
    expect(found.stdout).toMatch(/step one-order +[\d,]+ tokens, \d/);
    expect(found.stdout).not.toContain("unknown without a speed");
  }
  const named = await inFolder("plan", "job.yaml", "--bench", "run/bench.json");
  expect(named.stdout).toMatch(/speed +[\d,]+ tokens\/s, from .*run\/bench\.json$/m);
  const given = await inFolder("plan", "job.yaml", "--tokens-per-second", "10");
  expect(given.stdout).not.toMatch(/^speed|unknown/m);
  const journal = readFileSync(job.journal, "utf8").trim().split("\n");
  const journaled = journal.map((line) => JSON.parse(line)).find(({ event }) => event === "plan");
  expect(journaled.plan.ladder).toEqual(JSON.parse(plan.stdout).ladder);
  expect(journaled.plan.ladder[0].seconds).toBeGreaterThan(0);
  const wrong = await inFolder("run", "job.yaml", "--bench", "job.yaml");
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain("is not what abtie bench writes");
});

test("starts and stops a server, and reports in JSON that a job does not fit", async () => {
  const job = await writeJob({ engine: spawning({ msPerToken: 0.05 }), rows: 120, words: WORDS });
  const args = ["bench", "job.yaml", "--rows", "100000000", "--deadline", "10m", "-j", "4", "--sample", "30", "--json"];
  const run = await abtie(args, { cwd: job.folder });
  expect(run.status, run.stderr).toBe(5);
  const result = JSON.parse(run.stdout) as BenchResult;
  expect(result.forecast.verdict?.fits).toBe("no");
  expect(result.verdict).toContain("100,000,000 rows in 10m00s: does not fit");
  expect(result.speeds.settings.map(({ concurrency }) => concurrency)).toEqual([4]);
  expect(await gone(job.folder)).toEqual([]);
});

test("works with 12 rows and a server without metrics", async () => {
  await using judge = await startJudge({ pages: ["/version", "/tokenize", "/detokenize"] });
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  const run = await abtie(["bench", "job.yaml", "--json"], { cwd: job.folder });
  expect(run.status, run.stderr).toBe(0);
  const result = JSON.parse(run.stdout) as BenchResult;
  expect(result.forecast).toMatchObject({ rows: 12, verdict: null });
  expect(result.speeds.shares).toBeNull();
  expect(result.forecast.time.value).toBeGreaterThan(0);
});

test("counts the time from the start of the program until the engine is ready as start-up", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  const effects = createEffects({ cwd: job.folder, startedAt: Date.now() - 60_000 });
  const config = await openConfig("job.yaml", [], effects);
  const { forecast } = await bench(config, { rows: null, sample: 6, busyMs: () => 0 }, effects);
  expect(forecast.startUpMs).toBeGreaterThanOrEqual(60_000);
  expect(forecast.time.value).toBeGreaterThan(forecast.startUpMs);
});

test("refuses a file with fewer than 8 rows", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 5 });
  const run = await abtie(["bench", "job.yaml"], { cwd: job.folder });
  expect(run.status).toBe(3);
  expect(run.stderr).toContain("5 rows: a bench needs at least 8");
});
