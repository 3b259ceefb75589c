import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abtie, MAIN } from "../helpers/abtie.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { TAG } from "../helpers/processes.ts";
import { expectValid } from "../helpers/results.ts";

test("puts only JSON on stdout with --json, and everything else on stderr", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge) });
  const run = await abtie(["run", "job.yaml", "--json"], { cwd: job.folder });
  expect(run.status).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ end: "done", rows: { total: job.ids.length, prior: 0 } });
  expect(run.stderr).toContain(`${job.ids.length}/${job.ids.length} rows`);

  const valid = await abtie(["validate", job.submission, "-i", "rows.csv", "--json"], { cwd: job.folder });
  expect(valid.status).toBe(0);
  expect(JSON.parse(valid.stdout)).toMatchObject({ valid: true, rows: job.ids.length });

  const doctor = await abtie(["doctor", "job.yaml", "--json"], { cwd: job.folder });
  expect(doctor.status).toBe(0);
  const findings = JSON.parse(doctor.stdout) as { check: string; level: string }[];
  expect(findings.filter(({ level }) => level === "error")).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(["rows", "labels", "label mass", "method"]),
  );
});

test("exits with 3 when a submission would be refused, saying where", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 3 });
  const bad = `id,winner_model_a,winner_model_b,winner_tie\n${job.ids[0]},0.5,0.5,0.5\n${job.ids[1]},0.2,0.3,0.5\n`;
  await writeFile(join(job.folder, "bad.csv"), bad);
  const result = await abtie(["validate", "bad.csv", "-i", "rows.csv", "--json"], { cwd: job.folder });
  expect(result.status).toBe(3);
  expect(JSON.parse(result.stdout)).toMatchObject({ valid: false });
  const shown = await abtie(["validate", "bad.csv", "-i", "rows.csv"], { cwd: job.folder });
  expect(shown.status).toBe(3);
  expect(shown.stderr).toContain("bad.csv:2  the probabilities sum to 1.5");
  expect(shown.stderr).toContain(`${job.ids[2]}`);
});

test("survives a reader of stdout that goes away", async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" }, rows: 3 });
  const { stdout, stderr } = await shell(`node "$MAIN" run --help | head -n 1; echo "$\{PIPESTATUS[0]}"`, job.folder);
  expect(stdout).toMatch(/^Usage: abtie run .*\n0\n$/);
  expect(stderr).toBe("");
});

test("exits with 3 when the disk does not take what it prints", async () => {
  for (const line of [`node "$MAIN" templates --json >/dev/full`, `node "$MAIN" run --help >/dev/full`]) {
    const { stdout, stderr } = await shell(`${line}; echo "$?"`, tmpdir());
    expect(stdout).toBe("3\n");
    expect(stderr).toMatch(/^abtie: cannot write the standard output \(ENOSPC\): the disk is full; .*\n$/);
  }
});

// Below 20 files Node itself does not start.
test.each([25, 40, 200])("names the limit and the remedy when it may open %i files only", async (limit) => {
  const { stdout, stderr } = await shell(`ulimit -n ${limit}; node "$MAIN" run job.yaml; echo "$?"`, tmpdir());
  expect(stdout).toBe("2\n");
  expect(stderr).toMatch(new RegExp(`^abtie: a process may open ${limit} files .*needs 256: .*ulimit -n 1024.*\\n$`));
});

test("runs with as many open files as it asks for", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 8 });
  const { stdout, stderr } = await shell(`ulimit -n 256; node "$MAIN" run job.yaml; echo "$?"`, job.folder);
  expect(stdout, stderr).toBe("0\n");
});

test("goes on scoring when the reader of stderr goes away", async () => {
  await using judge = await startJudge({ constantMs: 50 });
  const job = await writeJob({ engine: attachTo(judge) });
  const line = `node "$MAIN" run job.yaml --json 2>&1 >out.json | head -n 1; echo "$\{PIPESTATUS[0]}"`;
  expect((await shell(line, job.folder)).stdout).toMatch(/^engine: .*\n0\n$/);
  expectValid(job.submission, job.ids);
});

function shell(line: string, cwd: string): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env["PATH"], HOME: cwd, [TAG]: cwd, MAIN };
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", line], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (text) => (said.stdout += text));
    child.stderr.on("data", (text) => (said.stderr += text));
    child.once("close", () => resolve(said));
  });
}
