import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";

test("run --dry-run checks everything, prints the plan, scores and writes nothing", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config: { time: { deadline: "2h" } } });
  const before = await readdir(job.folder);
  const said = await inProcess(["run", "job.yaml", "--dry-run", "--json"], job.folder);
  expect(said.status).toBe(0);
  const asked = judge.stats.prompts;
  expect(JSON.parse(said.stdout)).toMatchObject({
    answered: 0,
    model: "fake",
    submission: job.submission,
    plan: { rows: 12 },
  });
  expect(await readdir(job.folder)).toEqual(before);

  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  expect(judge.stats.prompts).toBeGreaterThan(asked);
  const again = await inProcess(["run", "job.yaml", "--dry-run"], job.folder);
  expect(again.stdout).toMatch(/^answered +12 rows in an earlier session$/m);
  const other = await inProcess(["run", "job.yaml", "--dry-run", "--context", "300"], job.folder);
  expect(other).toMatchObject({ status: 2, stderr: expect.stringContaining("context was not set, is now 300") });
});

test("run --dry-run starts no server, and says so", async () => {
  const job = await writeJob({ engine: spawning({ failText: "this server was started" }), rows: 12 });
  const said = await inProcess(["run", "job.yaml", "--dry-run"], job.folder);
  expect(said.status).toBe(0);
  expect(said.stdout).toContain("not asked: its server would be started first");
  expect(await readdir(job.folder)).not.toContain("run");
});

test("plan lets a server that runs tokenise when there is no tokenizer folder, and names the ways when there is neither", async () => {
  await using judge = await startJudge({ modelDir: null, labels: [...Buffer.from(" ABtie")] });
  const job = await writeJob({ engine: { attach: judge.url }, rows: 8 });
  const planned = await inProcess(["plan", "job.yaml", "--json"], job.folder);
  expect(planned.status).toBe(0);
  expect(JSON.parse(planned.stdout)).toMatchObject({ rows: 8, tokens: { source: "exact" } });
  const { folder } = await writeJob({ engine: spawning({}, { tokenizer: false }), rows: 8 });
  const refused = await inProcess(["plan", "job.yaml"], folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("name the folder with its tokenizer.json as engine.tokenizer");
  expect(await readdir(folder)).not.toContain(join("run"));
});
