import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fake } from "../fixtures/engine/fake-vllm.mjs";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { readLines } from "../helpers/results.ts";

async function judged(first: Fake, second: Fake) {
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, orders: "auto", judges } });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const path = join(job.folder, "job.yaml");
  const config = readFileSync(path, "utf8");
  const write = (text: string): Promise<void> => writeFile(path, text);
  const journal = join(job.folder, "run/judge-careful/journal.jsonl");
  return { job, config, write, journal };
}

test("a config without the second judge of a run does not leave its answers out in silence", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const { job, config, write } = await judged(first, second);
  const before = readFileSync(job.submission);

  await write(config.replace("careful:", "large:"));
  const renamed = await inProcess(["run", "job.yaml"], job.folder);
  expect(renamed).toMatchObject({ status: 2, stderr: expect.stringContaining("judge-careful holds answers") });
  expect(readFileSync(job.submission)).toEqual(before);

  const forced = await inProcess(["run", "job.yaml", "--force"], job.folder);
  expect(forced).toMatchObject({ status: 0, stderr: expect.stringContaining("judge-careful are left out") });

  expect((await inProcess(["run", "job.yaml", "--fresh"], job.folder)).status).toBe(0);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
});

test("a mistake in the first judge leaves the answers of the second, with --fresh too", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const { job, config, write, journal } = await judged(first, second);
  const answers = readLines(journal).length;
  await write(config.replace("quick:\n", "quick:\n    template: ./missing.jinja\n"));
  const refused = await inProcess(["run", "job.yaml", "--fresh"], job.folder);
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("missing.jinja") });
  expect(readLines(journal).length).toBe(answers);
});
