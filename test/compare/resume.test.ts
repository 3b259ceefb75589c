import { readFileSync } from "node:fs";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { answersIn, expectValid } from "../helpers/results.ts";
import { compareTemplates, type ScoredDetails, writeLabelledJob } from "./compared.ts";

const TEMPLATES = ["-t", "./template.jinja", "-t", "./other.jinja"];

/** Reads the results of a comparison without times, which alone may depend on interruptions. */
function resultsOf(job: Job, run: string): unknown {
  const comparison = JSON.parse(readFileSync(join(job.folder, run, "comparison.json"), "utf8")) as ScoredDetails;
  return {
    pairs: comparison.pairs.map(({ sentence: _, ...pair }) => pair),
    scores: comparison.variants.map(({ raw, calibrated, mass, tokensPerRow }) => ({
      raw,
      calibrated,
      mass,
      tokensPerRow,
    })),
    noise: comparison.noiseFloor,
  };
}

test("continues where it was interrupted, sends no prompt twice, and ends with the same results", async () => {
  await using judge = await startJudge();
  const config = { concurrency: 2, prompts_per_request: 2 };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 60, config });
  expect((await compareTemplates(job, "--run", "whole")).status).toBe(0);

  judge.change({ constantMs: 25 });
  const before = judge.stats.prompts;
  const first = startAbtie(["compare", "job.yaml", ...TEMPLATES], { cwd: job.folder });
  await until("some rows are answered", () => judge.stats.prompts > before + 50);
  first.child.kill("SIGINT");
  const ended = await first.ended;
  expect(ended.status).toBe(130);
  expect(ended.stderr).toContain("The comparison was interrupted");
  const answered = ["template", "other"].map((name) => answeredIn(job, name));
  // Scored row by row, so the variants differ at most by the 4 rows in flight.
  const [one = new Set(), other = new Set()] = answered;
  expect(one.size).toBeGreaterThan(10);
  expect([...one].filter((id) => !other.has(id)).length).toBeLessThanOrEqual(4);
  expect([...other].filter((id) => !one.has(id)).length).toBeLessThanOrEqual(4);

  judge.change({ constantMs: 0 });
  const sent = judge.stats.prompts;
  const second = await compareTemplates(job);
  expect(second.status).toBe(0);
  // The missing rows, two samples of 20, and up to 12 probes of the start.
  expect(judge.stats.prompts - sent).toBeLessThan(120 - one.size - other.size + 40 + 12);
  expect(resultsOf(job, "run")).toEqual(resultsOf(job, "whole"));
  for (const name of ["template", "other"]) {
    expectValid(join(job.folder, "run", name, "submission.csv"), job.ids);
    expect(answersIn(join(job.folder, "run", name, "rows.jsonl"))).toEqual(
      answersIn(join(job.folder, "whole", name, "rows.jsonl")),
    );
  }

  const third = judge.stats.prompts;
  expect((await compareTemplates(job)).status).toBe(0);
  expect(judge.stats.prompts).toBe(third);
});

test("scores only the missing prompts of a further variant", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 30 });
  expect((await compareTemplates(job)).status).toBe(0);
  const sent = judge.stats.prompts;
  const again = await inProcess(["compare", "job.yaml", ...TEMPLATES, "-t", "rules"], job.folder);
  expect(again.status).toBe(0);
  expect(judge.stats.prompts - sent).toBeLessThan(30 + 20 + 15);
  expect(again.stdout).toContain("after adjusting for 3 comparisons");
});

test("refuses to go on with a changed template or changed labels, and begins anew with --fresh", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24 });
  await compareTemplates(job);
  await appendFile(join(job.folder, "other.jinja"), "Which is better?\n");
  const refused = await compareTemplates(job);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("the template has other content than before");
  const fresh = await compareTemplates(job, "--fresh");
  expect(fresh.status).toBe(0);

  const rows = join(job.folder, "rows.csv");
  await writeFile(rows, readFileSync(rows, "utf8").replace(",1,0,0\n", ",0,1,0\n"));
  const relabelled = await compareTemplates(job);
  expect(relabelled.status).toBe(2);
  expect(relabelled.stderr).toContain("the input file has other content than before");
});

test("refuses to mix rows of two models behind one address", async () => {
  await using judge = await startJudge({ modelName: "small" });
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24 });
  await compareTemplates(job);
  await using other = await startJudge({ modelName: "large" });
  await rm(join(job.folder, "run/template/journal.jsonl"));
  const flags = ["--base-url", other.url];
  const refused = await compareTemplates(job, ...flags);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("the model was small, is now large");
  expect(refused.stderr).toContain("run/other holds answers of another model");
  expect((await compareTemplates(job, ...flags, "--force")).status).toBe(0);
});

function answeredIn(job: Job, name: string): Set<string> {
  const lines = readFileSync(join(job.folder, "run", name, "rows.jsonl"), "utf8")
    .trim()
    .split("\n");
  return new Set(lines.map((line) => JSON.parse(line)).flatMap(({ id, ab }) => (ab === null ? [] : [id])));
}

test("a variant that is added on another day gets the date of the earlier ones", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 30 });
  expect((await compareTemplates(job)).status).toBe(0);
  const manifest = (name: string): string => join(job.folder, "run", name, "manifest.json");
  const earlier = readFileSync(manifest("template"), "utf8");
  await writeFile(manifest("template"), earlier.replace(/"date": "[^"]*"/, '"date": "2020-02-02"'));
  await rm(join(job.folder, "run", "other"), { recursive: true });
  const later = await compareTemplates(job);
  expect(later.status, later.stderr).toBe(0);
  expect(readFileSync(manifest("other"), "utf8")).toContain('"date": "2020-02-02"');
});
