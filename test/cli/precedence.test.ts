import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, summaryIn } from "../helpers/results.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:1";

test("lets a flag beat the environment, and the environment the file", async () => {
  await using byFile = await startJudge();
  await using byVariable = await startJudge();
  await using byFlag = await startJudge();
  const job = await writeJob({ engine: attachTo(byFile), rows: 5 });
  const env = { OPENAI_BASE_URL: `${byVariable.url}/v1` };
  const asked = (): readonly boolean[] => [byFile, byVariable, byFlag].map(({ stats }) => stats.prompts > 0);

  const flags = ["run", "job.yaml", "--run", "one", "--base-url", `${byFlag.url}/v1/completions`];
  expect(await inProcess(flags, job.folder, env)).toMatchObject({ status: 0 });
  expect(asked()).toEqual([false, false, true]);
  expect(await inProcess(["run", "job.yaml", "--run", "two"], job.folder, env)).toMatchObject({ status: 0 });
  expect(asked()).toEqual([false, true, true]);
  expect(await inProcess(["run", "job.yaml", "--run", "three"], job.folder)).toMatchObject({ status: 0 });
  expect(asked()).toEqual([true, true, true]);
});

test("needs no config where flags say everything, and reads ./abtie.yaml where there is one", async () => {
  // Without a tokenizer the fake's tokens are bytes: these are those of " A", " B" and " tie".
  await using judge = await startJudge({ modelDir: null, labels: [...Buffer.from(" ABtie")] });
  const job = await writeJob({ engine: attachTo(judge), rows: 30 });
  const flags = [
    "run",
    "-i",
    "rows.csv",
    "-o",
    "out.csv",
    "--limit",
    "7",
    "-t",
    "./template.jinja",
    "--base-url",
    judge.url,
  ];
  expect(await inProcess(flags, job.folder)).toMatchObject({ status: 0 });
  expectValid(join(job.folder, "out.csv"), job.ids.slice(0, 7));

  const { folder } = await writeJob({
    engine: attachTo(judge),
    rows: 3,
    name: "abtie.yaml",
    config: { engine: { attach: judge.url } },
  });
  expect(await inProcess(["run", "--seed", "3"], folder)).toMatchObject({ status: 0 });
  expect(summaryIn(folder)).toMatchObject({ rows: { total: 3, prior: 0 } });
});

test("sends the key of the environment, and reports that it is wrong", async () => {
  await using judge = await startJudge({ apiKey: "right" });
  const job = await writeJob({ engine: attachTo(judge), rows: 3 });
  const wrong = await inProcess(["run", "job.yaml"], job.folder, { OPENAI_API_KEY: "wrong" });
  expect(wrong).toMatchObject({ status: 4, stderr: expect.stringContaining("OPENAI_API_KEY") });
  expect(await inProcess(["run", "job.yaml"], job.folder, { OPENAI_API_KEY: "right" })).toMatchObject({ status: 0 });
  // A key is nobody else's business.
  expect(readFileSync(join(job.folder, "run/manifest.json"), "utf8")).not.toContain("right");
});

test("refuses a relative path of a flag from where the person stands, and one of the file from the file", async () => {
  const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3, config: { input: "gone.csv" } });
  const elsewhere = join(job.folder, "run");
  const fromFile = await inProcess(["run", "../job.yaml"], elsewhere);
  expect(fromFile).toMatchObject({ status: 3, stderr: expect.stringContaining(join(job.folder, "gone.csv")) });
  const fromFlag = await inProcess(["run", "../job.yaml", "-i", "gone.csv"], elsewhere);
  expect(fromFlag).toMatchObject({ status: 3, stderr: expect.stringContaining(join(elsewhere, "gone.csv")) });
});
