import { readFileSync } from "node:fs";
import { appendFile, copyFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, LABELS, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { answersIn, expectValid, summaryIn } from "../helpers/results.ts";

test("continues where it was interrupted, and sends no answered row again", async () => {
  await using judge = await startJudge({ constantMs: 30 });
  const config = { concurrency: 2, prompts_per_request: 2 };
  const job = await writeJob({ engine: attachTo(judge), rows: 60, config });
  const first = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await until("some rows are answered", () => judge.stats.prompts > 20);
  first.child.kill("SIGINT");
  const ended = await first.ended;
  expect(ended.status).toBe(130);
  expect(ended.stderr).toMatch(/^to continue {2}abtie run job\.yaml$/m);
  expectValid(job.submission, job.ids);
  const before = summaryIn(job.folder);
  const { scoredPrompts: answered = 0 } = before.session;
  expect(before).toMatchObject({ end: "interrupted", rows: { "one-order": answered } });
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(60);

  const asked = judge.stats.prompts;
  const second = await inProcess(["run", "job.yaml"], job.folder);
  expect(second.status).toBe(0);
  expect(second.stderr).toContain(`${answered} rows came from an earlier session`);
  expect(summaryIn(job.folder).session).toMatchObject({ scoredPrompts: 60 - answered, resumedRows: answered });
  // Beside the rows only the probes of the start are sent.
  expect(judge.stats.prompts - asked).toBeLessThan(60 - answered + 8);

  const third = await inProcess(["run", "job.yaml"], job.folder);
  expect(third.status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ rows: { "one-order": 60 }, session: { scoredPrompts: 0 } });
  expectValid(job.submission, job.ids);
});

test("refuses to mix answers to different questions, and lists every difference", async () => {
  // The labels of both jobs: " A", " B", " tie" and "1", "2", "3".
  await using judge = await startJudge({ labels: [...LABELS, 16, 17, 18] });
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config: { context: 500 } });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const path = join(job.folder, "job.yaml");
  const written = await readFile(path, "utf8");
  await writeFile(path, `${written.replace("context: 500", "context: 400")}labels: {a: ["1"], b: ["2"], tie: ["3"]}\n`);
  await appendFile(join(job.folder, "rows.csv"), "13,p,a,b\n");

  const refused = await inProcess(["run", "job.yaml"], job.folder);
  expect(refused.status).toBe(2);
  for (const text of [
    "context was 500, is now 400",
    "the input file has other content than before",
    "the number of rows was 12, is now 13",
    "labels.a",
    "--force",
    "--fresh",
  ]) {
    expect(refused.stderr).toContain(text);
  }
  expect(refused.stderr).not.toMatch(/[0-9a-f]{16}/);
  expectValid(job.submission, job.ids);

  const fresh = await inProcess(["run", "job.yaml", "--fresh"], job.folder);
  expect(fresh.status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ session: { scoredPrompts: 13, resumedRows: 0 } });
  expectValid(job.submission, [...job.ids, "13"]);
});

test("refuses to continue when the weights in the model's folder were replaced by others of the same shape", async () => {
  const model = await mkdtemp(join(tmpdir(), "model-"));
  await cp(TOKENIZER, model, { recursive: true });
  const job = await writeJob({ engine: spawning({}, { model }), rows: 12 });
  // A folder without weights, then with some: the manifest learns them.
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  await writeFile(join(model, "model.safetensors"), Buffer.alloc(5_000, 1));
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  await writeFile(join(model, "model.safetensors"), Buffer.alloc(5_000, 2));
  const refused = await inProcess(["run", "job.yaml"], job.folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("the folder of the model's weights has other content than before");
  // Where the weights are gone, nothing is known of them, and the manifest keeps what it knew.
  await rm(join(model, "model.safetensors"));
  expect((await inProcess(["run", "job.yaml", "--set", "clip=[0.01, 0.98]"], job.folder)).status).toBe(0);
  await writeFile(join(model, "model.safetensors"), Buffer.alloc(5_000, 2));
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(2);
});

test("takes over a folder in which nothing was scored, whatever its settings were, and says what a failed start leaves", async () => {
  const job = await writeJob({ engine: spawning({ failText: "no GPU" }), rows: 12, config: { context: 500 } });
  const failed = await inProcess(["run", "job.yaml"], job.folder);
  expect(failed.status).toBe(4);
  expect(failed.stderr).toContain(
    `${job.submission} is complete and valid: each of its 12 rows holds the fallback probabilities`,
  );
  await using judge = await startJudge();
  const config = {
    input: "rows.csv",
    template: "./template.jinja",
    run: "run",
    engine: attachTo(judge),
    orders: "one",
  };
  await writeFile(join(job.folder, "job.yaml"), JSON.stringify(config));
  const second = await inProcess(["run", "job.yaml"], job.folder);
  expect(second.status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ rows: { "one-order": 12 }, session: { resumedRows: 0 } });
});

test("continues with a changed config when forced, and sends only the rows without an answer", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config: { context: 500 } });
  await inProcess(["run", "job.yaml"], job.folder);
  const template = join(job.folder, "template.jinja");
  await writeFile(template, (await readFile(template, "utf8")).replace("Short prompts", "Brief prompts"));
  expect((await inProcess(["run", "job.yaml"], job.folder)).stderr).toContain("the template has other content");
  const forced = await inProcess(["run", "job.yaml", "--force"], job.folder);
  expect(forced.status).toBe(0);
  expect(forced.stderr).toContain("continuing although the template has other content than before");
  expect(summaryIn(job.folder)).toMatchObject({ rows: { "one-order": 12 }, session: { scoredPrompts: 0 } });
});

test("lets concurrency, deadline, clip and prior change between two sessions", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config: { clip: [0.1, 0.9] } });
  await inProcess(["run", "job.yaml"], job.folder);
  const path = join(job.folder, "job.yaml");
  await writeFile(
    path,
    `${(await readFile(path, "utf8")).replace(/clip:\n.*\n.*\n/, "clip: [0.3, 0.4]\n")}prior: [0.2, 0.2, 0.6]\n`,
  );
  const again = await inProcess(["run", "job.yaml", "-j", "3", "--deadline", "1h"], job.folder);
  expect(again.status).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ session: { scoredPrompts: 0 } });
  for (const { winner_tie } of expectValid(job.submission, job.ids)) expect(Number(winner_tie)).toBeLessThan(0.4001);
});

test("ignores a torn last line, which a kill leaves, and names any other damage with its line", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  await inProcess(["run", "job.yaml"], job.folder);
  const whole = answersIn(job.rowsFile);
  const lines = readFileSync(job.journal, "utf8").split("\n");
  const rows = lines.filter((line) => line.includes('"event":"row"'));
  expect(rows).toHaveLength(12);
  await copyFile(job.journal, `${job.journal}.bak`);

  await writeFile(job.journal, `${[lines[0], ...rows.slice(0, 5)].join("\n")}\n${rows[5]?.slice(0, 40)}`);
  expect((await inProcess(["run", "job.yaml"], job.folder)).stderr).toContain("cut off 40 bytes");
  expect(summaryIn(job.folder)).toMatchObject({ session: { scoredPrompts: 7, resumedRows: 5 } });
  expect(answersIn(job.rowsFile)).toEqual(whole);

  await writeFile(job.journal, [lines[0], rows[0], rows[1]?.slice(0, 40), rows[2], ""].join("\n"));
  const refused = await inProcess(["run", "job.yaml"], job.folder);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain("journal.jsonl, line 3: expected a journal event");
  expectValid(job.submission, job.ids);
});

test("refuses the journal of another format, in run and report, and leaves it as it is", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  await inProcess(["run", "job.yaml"], job.folder);
  const old = readFileSync(job.journal, "utf8").replace(/"format":\d+/, '"format":2');
  await writeFile(job.journal, old);
  for (const args of [
    ["run", "job.yaml"],
    ["report", "run"],
  ]) {
    const { status, stderr } = await inProcess(args, job.folder);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /journal\.jsonl, line 1: the journal was written by an older version of abtie \(abtie \S+, format 2\).*start a new run/,
    );
  }
  expect(readFileSync(job.journal, "utf8")).toBe(old);
  expectValid(job.submission, job.ids);
  expect((await inProcess(["run", "job.yaml", "--fresh"], job.folder)).status).toBe(0);
});

test("keeps a second process out of the run folder, naming the first, and lets it in after a kill", async () => {
  await using judge = await startJudge({ constantMs: 200 });
  const job = await writeJob({ engine: attachTo(judge), rows: 40 });
  const first = startAbtie(["run", "job.yaml", "-j", "1"], { cwd: job.folder });
  await until("the first asks", () => judge.stats.prompts > 3);
  const second = await inProcess(["run", "job.yaml"], job.folder);
  expect(second.status).toBe(3);
  const holder = Number(/is held by process (\d+) \(abtie run/.exec(second.stderr)?.[1]);
  expect(aliveWith(job.folder).map(({ pid }) => pid)).toContain(holder);
  expectValid(job.submission, job.ids);
  first.child.kill("SIGKILL");
  await first.ended;
  expect(await gone(job.folder)).toEqual([]);
  judge.change({ constantMs: 0 });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  expectValid(job.submission, job.ids);
});

test("after the run folder was removed, the old submission is replaced with --force alone", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config: { output: "submission.csv" } });
  await inProcess(["run", "job.yaml"], job.folder);
  const output = join(job.folder, "submission.csv");
  const before = readFileSync(output, "utf8");
  await rm(join(job.folder, "run"), { recursive: true });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--force"),
  });
  expect((await inProcess(["run", "job.yaml", "--force"], job.folder)).status).toBe(0);
  expect(readFileSync(output, "utf8")).toBe(before);
});
