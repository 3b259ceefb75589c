import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge } from "../helpers/job.ts";
import { compareTemplates, type ScoredDetails, writeLabelledJob } from "./compared.ts";

function readDetails(job: Job): ScoredDetails {
  return JSON.parse(readFileSync(join(job.folder, "run/comparison.json"), "utf8"));
}

test("stops early when one template is clearly better, and sends nothing when started again", async () => {
  await using judge = await startJudge({ constantMs: 2 });
  const config = { concurrency: 2, prompts_per_request: 2 };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 600, config });
  const sent = judge.stats.prompts;
  const stopped = await compareTemplates(job, "--early-stop");
  expect(stopped.status).toBe(0);
  expect(judge.stats.prompts - sent).toBeLessThan(1_000);
  const { end, rows, stopping, pairs } = readDetails(job);
  expect(end).toBe("decided");
  expect(rows).toBeLessThan(600);
  expect(stopped.stdout).toContain(`Stopped after ${rows} of 600 rows: `);
  expect(stopped.stdout).toMatch(
    /template is better by \d\.\d+ nats, 95 % 0\.\d+ to \d\.\d+ at any moment, decided after \d+ rows/,
  );
  expect(pairs).toMatchObject([{ first: "template", second: "other", measure: "raw", better: "first", p: null }]);
  expect(pairs[0]?.difference.high).toBeLessThan(0);
  expect(stopping?.paths[0]?.looks.length).toBeGreaterThan(5);
  expect(readFileSync(join(job.folder, "run/comparison.html"), "utf8")).toContain("of the work was saved");

  const before = judge.stats.prompts;
  const again = await compareTemplates(job, "--early-stop");
  expect(again.status).toBe(0);
  expect(judge.stats.prompts).toBe(before);
  expect(readDetails(job).pairs).toEqual(pairs);
});

test("estimates how many more rows it needs when no rows are left before it is decided", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24 });
  const open = await compareTemplates(job, "--early-stop");
  expect(open.status).toBe(0);
  expect(open.stdout).toContain("All 24 rows were used: the answer was never certain enough to stop.");
  expect(open.stdout).toMatch(
    /template and other are not told apart yet: \w+ is ahead by 0\.\d+ nats, .*; about \d+ more rows would settle/,
  );
  expect(readDetails(job)).toMatchObject({ end: "done", stopping: { stoppedAt: null, available: 24 } });
});

test("ends as equivalent within a margin when two templates are the same", async () => {
  await using judge = await startJudge();
  const config = { variants: { one: {}, same: {} } };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 400, config });
  const sent = judge.stats.prompts;
  const { status, stdout } = await inProcess(["compare", "job.yaml", "--early-stop", "--margin", "0.1"], job.folder);
  expect(status).toBe(0);
  expect(stdout).toMatch(/one and same differ by less than 0\.100 nats, decided after \d+ rows/);
  // Without the stop it would have been 400 rows of two variants in both orders, and the sample that is scored once more.
  expect(judge.stats.prompts - sent).toBeLessThan(1_600);
});

test("measures the noise of the engine on a sample scored again, and names no winner within that noise", async () => {
  await using judge = await startJudge();
  const config = { variants: { one: {}, same: {} } };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 40, config });
  await inProcess(["compare", "job.yaml"], job.folder);
  expect(readDetails(job).noiseFloor).toBe(0);
  for (const name of ["one", "same"]) {
    const again = join(job.folder, "run", name, "rescored.jsonl");
    const rows = readFileSync(again, "utf8")
      .trim()
      .split("\n")
      .filter((line) => line.includes('"event":"row"'));
    expect(rows).toHaveLength(20);
    await rm(again);
  }
  // Another model stands for an engine that answers the same prompt differently each time.
  judge.change({ seed: 2 });
  const { status, stdout } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(0);
  expect(readDetails(job).noiseFloor).toBeGreaterThan(0.05);
  expect(stdout).toMatch(/differ by 0\.000 nats, .*: no more than scoring the same rows again does/);
  expect(readDetails(job).pairs[0]?.better).toBeNull();
});
