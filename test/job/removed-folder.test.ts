import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { expectValid } from "../helpers/results.ts";

test.each([
  ["the run folder", "run", "run/submission.csv"],
  ["the folder of the submission", "out", "out/submission.csv"],
])("when %s is removed during the run, no message says that a file is there", async (_name, removed, output) => {
  await using judge = await startJudge({ constantMs: 60 });
  const job = await writeJob({ engine: attachTo(judge), rows: 60, config: { output } });
  await mkdir(join(job.folder, "out"));
  const running = startAbtie(["run", "job.yaml", "-j", "1"], { cwd: job.folder });
  await until("rows are asked", () => judge.stats.prompts > 15);
  expectValid(join(job.folder, output), job.ids);
  await rm(join(job.folder, removed), { recursive: true });
  const { status, stderr } = await running.ended;
  expect(status).toBe(3);
  expect(existsSync(join(job.folder, output))).toBe(false);
  expect(stderr).not.toMatch(/in place|complete and valid/);
  expect(stderr).toMatch(/missing|removed|does not exist/);
});
