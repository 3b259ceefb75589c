import { cpSync, readFileSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { joinShards } from "../../src/commands/join.ts";
import type { RunStatus, RunsStatus } from "../../src/commands/status.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { sum } from "../../src/numbers/sums.ts";
import { createEffects } from "../../src/system.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { writeLabels } from "../helpers/judged-folder.ts";
import { expectValid, readLines } from "../helpers/results.ts";

/** Runs shards of a job, in this order. */
async function runShards(job: Job, count: number, order: readonly number[], ...more: readonly string[]): Promise<void> {
  for (const index of order) {
    const run = await inProcess(["run", "job.yaml", "--shard", `${index}/${count}`, ...more], job.folder);
    expect(run.status, run.stderr).toBe(0);
  }
}

const shard = (job: Job, index: number, count: number): string => join(job.folder, "run", `shard-${index}-of-${count}`);
const joined = (job: Job, file: string): string => join(job.folder, "run", "joined", file);

test("the shards of a job, in any number and order, make the files of the job itself", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 30, config: { orders: "both" } });
  const whole = await inProcess(["run", "job.yaml", "--run", "whole"], job.folder);
  expect(whole.status, whole.stderr).toBe(0);
  const expected = ["submission.csv", "rows.jsonl"].map((name) =>
    readFileSync(join(job.folder, "whole", name), "utf8"),
  );
  for (const [count, order] of [
    [1, [1]],
    [3, [3, 1, 2]],
  ] as const) {
    await runShards(job, count, order);
    const said = await inProcess(["join", "job.yaml", "--of", String(count)], job.folder);
    expect(said.status, said.stderr).toBe(0);
    expect(["submission.csv", "rows.jsonl"].map((name) => readFileSync(joined(job, name), "utf8"))).toEqual(expected);
  }
  const several = await inProcess(["join", "job.yaml"], job.folder);
  expect(several).toMatchObject({ status: 3, stderr: expect.stringContaining("of 1, of 3") });
  const report = await inProcess(["report", "run/joined"], job.folder);
  expect(report.status, report.stderr).toBe(0);
});

test("a join writes the output of a config that names a shard, and each shard a file that its name describes", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 30, config: { shard: "auto", output: "all.csv.gz" } });
  await runShards(job, 2, [1, 2]);
  for (const index of [1, 2]) {
    const part = join(shard(job, index, 2), "submission.csv");
    expectValid(
      part,
      readLines(join(shard(job, index, 2), "rows.jsonl")).map(({ id }) => id),
    );
  }
  const said = await inProcess(["join", "job.yaml"], job.folder);
  expect(said.status, said.stderr).toBe(0);
  const all = gunzipSync(readFileSync(join(job.folder, "all.csv.gz")));
  await writeFile(join(job.folder, "all.csv"), all);
  expectValid(join(job.folder, "all.csv"), job.ids);
});

test("a program that opened the config with its shard is told how to open it, because it would miss the output of the job", async () => {
  const job = await writeJob({
    engine: { attach: "http://127.0.0.1:9" },
    rows: 3,
    config: { shard: "1/2", output: "all.csv" },
  });
  const effects = { ...createEffects(), cwd: job.folder };
  const options = { of: null, partial: false, force: false };
  const withShard = await openConfig("job.yaml", [], effects);
  await expect(joinShards(withShard, options, effects)).rejects.toThrow(
    /the config is that of shard 1\/2.* without: "shard"/,
  );
  const whole = await openConfig("job.yaml", [{ from: "join", set: {}, without: "shard" }], effects);
  expect(whole.output).toBe(join(job.folder, "all.csv"));
  await expect(joinShards(whole, options, effects)).rejects.toThrow("no run folder of a shard");
});

test.each(["before the shards ran", "after the shards ran"])(
  "a join applies the calibration of the config to all shards, as a run of all rows does: added %s",
  async (when) => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: 160, config: { orders: "both" } });
    await writeLabels(job.folder);
    const file = join(job.folder, "job.yaml");
    const add = async () => writeFile(file, `${await readFile(file, "utf8")}calibration: c.json\n`);
    const calls = async (...lines: readonly (readonly string[])[]) => {
      for (const line of lines) {
        const said = await inProcess(line, job.folder);
        expect(said.status, said.stderr).toBe(0);
      }
    };
    await calls(
      ["run", "job.yaml", "--run", "whole"],
      ["calibrate", "whole", "--labels", "labels.csv", "-o", "c.json"],
    );
    const plain = readFileSync(join(job.folder, "whole/submission.csv"), "utf8");
    if (when.startsWith("after")) await runShards(job, 2, [1, 2]);
    await add();
    if (when.startsWith("before")) await runShards(job, 2, [1, 2]);
    await calls(["join", "job.yaml"], ["run", "job.yaml", "--run", "whole"]);
    const whole = readFileSync(join(job.folder, "whole/submission.csv"), "utf8");
    expect(whole).not.toBe(plain);
    expect(readFileSync(joined(job, "submission.csv"), "utf8")).toBe(whole);
    const { calibration } = JSON.parse(readFileSync(joined(job, "summary.json"), "utf8"));
    expect(calibration).toMatchObject({ file: join(job.folder, "c.json") });
    await calls(["evaluate", "run/joined", "--labels", "labels.csv"], ["report", "run/joined"]);
  },
);

test("one shard can be evaluated by the labels of the whole input", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 30 });
  await writeLabels(job.folder);
  await runShards(job, 3, [2]);
  const said = await inProcess(["evaluate", "run/shard-2-of-3", "--labels", "labels.csv", "--json"], job.folder);
  expect(said.status, said.stderr).toBe(0);
  expect(JSON.parse(said.stdout).rows).toBe(readLines(join(shard(job, 2, 3), "rows.jsonl")).length);
});

test("the status of a joined run is that of its rows, and that of the job's folder lists the runs in it", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 30, config: { orders: "both" } });
  await runShards(job, 2, [1]);
  expect(await inProcess(["join", "job.yaml", "--partial"], job.folder)).toMatchObject({ status: 5 });
  const scored = readLines(joined(job, "rows.jsonl")).filter(({ obtained }) => obtained === "both-orders").length;
  const said = await inProcess(["status", "run/joined", "--json"], job.folder);
  const status: RunStatus = JSON.parse(said.stdout);
  expect(status).toMatchObject({
    state: "joined",
    rows: { total: 30, scored, bothOrders: scored },
    labelMass: expect.any(Number),
    model: "fake",
    submission: joined(job, "submission.csv"),
  });
  expect(sum(status.verdicts)).toBe(scored);
  const shown = await inProcess(["status", "run/joined"], job.folder);
  expect(shown.stdout).toMatch(/^state {8}joined from the rows of shards$/m);
  const refused = await inProcess(["evaluate", "run"], job.folder);
  expect(refused).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("It holds 2 runs: joined, shard-1-of-2. Name one of them."),
  });
  const all = await inProcess(["status", "run", "--json"], job.folder);
  const { runs } = JSON.parse(all.stdout) as RunsStatus;
  expect(runs.map(({ name, state }) => [name, state])).toEqual([
    ["joined", "joined"],
    ["shard-1-of-2", "done"],
  ]);
});

describe("a join of three shards", () => {
  test("names a missing one, and fills it with the fallback when asked to", async () => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), rows: 30 });
    await runShards(job, 3, [1, 3]);
    const refused = await inProcess(["join", "job.yaml"], job.folder);
    expect(refused).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/1 shard of 3 is missing .*: 2\..*--partial/),
    });
    const partial = await inProcess(["join", "job.yaml", "--partial", "-o", "all.csv"], job.folder);
    expect(partial.status, partial.stderr).toBe(5);
    expectValid(join(job.folder, "all.csv"), job.ids);
    const missing = readLines(joined(job, "rows.jsonl")).filter(({ obtained }) => obtained === "prior");
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.every(({ reason }) => reason === "its shard is missing")).toBe(true);
    // The same file is replaced when the shard is there, and a file of somebody else is not.
    await runShards(job, 3, [2]);
    expect(await inProcess(["join", "job.yaml", "-o", "all.csv"], job.folder)).toMatchObject({ status: 0 });
    await writeFile(join(job.folder, "mine.csv"), "mine");
    expect(await inProcess(["join", "job.yaml", "-o", "mine.csv"], job.folder)).toMatchObject({ status: 2 });
    expect(readFileSync(join(job.folder, "mine.csv"), "utf8")).toBe("mine");
  });

  test("takes the answers of a killed shard from its journal, where rows.jsonl lacks them", async () => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), rows: 30 });
    await runShards(job, 3, [1, 2, 3]);
    const rowsFile = join(shard(job, 2, 3), "rows.jsonl");
    const before = await readFile(rowsFile, "utf8");
    const none = readLines(rowsFile).map((row) => ({
      ...row,
      probabilities: [1 / 3, 1 / 3, 1 / 3],
      obtained: "prior",
      reason: "not reached",
      ab: null,
      ba: null,
    }));
    await writeFile(rowsFile, none.map((row) => `${JSON.stringify(row)}\n`).join(""));
    expect(await inProcess(["join", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
    expect(await readFile(rowsFile, "utf8")).toBe(before);
  });

  test.each<[string, (job: Job) => Promise<void> | void, string]>([
    [
      "another template",
      async (job) => {
        const path = join(job.folder, "template.jinja");
        await writeFile(path, (await readFile(path, "utf8")).replace("A:", "First:"));
        await runShards(job, 3, [2], "--fresh");
      },
      "shard 1: ",
    ],
    [
      "other rows",
      async (job) => {
        const path = join(job.folder, "rows.csv");
        await writeFile(path, (await readFile(path, "utf8")).replace(/\n$/, "\n").concat("extra,p,a,b\n"));
      },
      "shard 1: ",
    ],
    [
      "the folder of another shard",
      (job) => {
        rmSync(shard(job, 2, 3), { recursive: true });
        cpSync(shard(job, 1, 3), shard(job, 2, 3), { recursive: true });
      },
      "shard 2: ",
    ],
  ])("refuses %s", async (_name, change, words) => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), rows: 30 });
    await runShards(job, 3, [1, 2, 3]);
    await change(job);
    const said = await inProcess(["join", "job.yaml"], job.folder);
    expect(said.status, said.stderr).toBe(2);
    expect(said.stderr).toContain(words);
    expect(() => readFileSync(joined(job, "submission.csv"))).toThrow();
  });

  test("gives the rows of a missing shard the sides to which their chosen answers were dealt", async () => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), config: { input: "pairs.jsonl" } });
    const pairs = Array.from({ length: 30 }, (_, row) => ({ prompt: `p${row}`, chosen: "yes", rejected: "no" }));
    await writeFile(join(job.folder, "pairs.jsonl"), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
    const sides = async (...more: readonly string[]) => {
      const said = await inProcess(["join", "job.yaml", ...more], job.folder);
      expect(said.status, said.stderr).toBe(more.length === 0 ? 0 : 5);
      return readLines(joined(job, "rows.jsonl")).map((row) => [row.id, (row as { chosen?: string }).chosen]);
    };
    await runShards(job, 3, [1, 2, 3]);
    const whole = await sides();
    rmSync(shard(job, 2, 3), { recursive: true });
    expect(await sides("--partial")).toEqual(whole);
  });

  test("overwrites no file of a shard, with --force either", async () => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), rows: 12 });
    await runShards(job, 2, [1, 2]);
    for (const name of ["journal.jsonl", "rows.jsonl", "submission.csv"]) {
      const file = join(shard(job, 2, 2), name);
      const before = await readFile(file, "utf8");
      const said = await inProcess(["join", "job.yaml", "-o", file, "--force"], job.folder);
      expect(said).toMatchObject({ status: 2, stderr: expect.stringMatching(/(of shard 2|shard-2-of-2): choose/) });
      expect(await readFile(file, "utf8")).toBe(before);
    }
  });

  test("says what to run when there is no shard", async () => {
    await using judge = await startJudge({});
    const job = await writeJob({ engine: attachTo(judge), rows: 3 });
    expect(await inProcess(["join", "job.yaml"], job.folder)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("--shard 1/8"),
    });
  });
});
