import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { abtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { spawning, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, readLines } from "../helpers/results.ts";

const ROWS = "id,prompt,response_a,response_b\n1,p,a,b\n";
const JOB = "input: rows.csv\nengine: {attach: 'http://127.0.0.1:9'}\n";

test.each([
  [
    "an unknown flag",
    ["run", "--deadlin", "9h"],
    2,
    ["unknown option '--deadlin'", "Did you mean --deadline?", "--help"],
  ],
  ["an unknown command", ["rnu", "job.yaml"], 2, ["unknown command 'rnu'", "Did you mean run?", "--help"]],
  ["a number that is none", ["run", "--limit", "ten"], 2, ["--limit <n>", "'ten' is invalid", "whole number"]],
  ["a speed without an end", ["plan", "--tokens-per-second", "Infinity"], 2, ["expected a number above 0"]],
  ["no config for a join", ["join"], 2, ["no config", "abtie.yaml"]],
  ["no config at all", ["run"], 2, ["no config", "abtie.yaml", "--base-url"]],
  ["a config that is not there", ["run", "nowhere.yaml"], 2, ["nowhere.yaml (ENOENT)"]],
  ["broken YAML", ["run", "broken.yaml"], 2, ["broken.yaml:2:18", "not valid YAML"]],
  [
    "mistyped keys, all at once",
    ["run", "mistyped.yaml"],
    2,
    [
      "2 problems",
      'mistyped.yaml:1:1  inptu is not a known key: did you mean "input"?',
      'mistyped.yaml:3:8  mass.minimun is not a known key: did you mean "minimum"?',
    ],
  ],
  [
    "a flag's wrong value",
    ["run", "job.yaml", "--deadline", "tomorrow"],
    2,
    ["--deadline  time.deadline ", 'found "tomorrow"', '"9h"', '"18:30"'],
  ],
  [
    "a deadline that has passed",
    ["run", "job.yaml", "--deadline", "2001-01-01"],
    2,
    ["2001-01-01", "which is not after the start"],
  ],
  ["two configs for a comparison", ["compare", "job.yaml", "-c", "other.yaml"], 2, ["two configs are named"]],
  ["a second server's model without it", ["doctor", "job.yaml", "--against-model", "m"], 2, ["give --against URL"]],
  ["a second server without a first", ["doctor", "job.yaml", "--no-server", "--against", "h"], 2, ["--no-server out"]],
  [
    "two names of one row",
    ["show", "job.yaml", "--row", "1", "--id", "1"],
    2,
    ["--id", "cannot be used with", "--row"],
  ],
  ["rows that are not there", ["run", "job.yaml", "-i", "nothing.csv"], 3, ["nothing.csv", "ENOENT"]],
  [
    "a column that is missing",
    ["run", "job.yaml", "-i", "columns.csv"],
    3,
    [
      "columns.csv, line 1",
      '"response_b" is missing',
      'did you mean "respones_b"',
      "id, prompt, response_a, respones_b",
    ],
  ],
  ["ids that repeat", ["run", "job.yaml", "-i", "twice.csv"], 3, ["twice.csv, line 3", '"1"', "line 2"]],
  ["a template that is not there", ["run", "job.yaml", "-t", "./none.jinja"], 2, ["none.jinja"]],
  ["a submission that is not there", ["validate", "none.csv", "-i", "rows.csv"], 3, ["none.csv", "ENOENT"]],
])("refuses %s, naming what and where", async (_name, args, status, texts) => {
  const cwd = await temporaryFolder({
    "rows.csv": ROWS,
    "job.yaml": JOB,
    "broken.yaml": "input: rows.csv\nengine: {attach: [\n",
    "mistyped.yaml": "inptu: rows.csv\nengine: {attach: 'http://127.0.0.1:9'}\nmass: {minimun: 0.1}\n",
    "columns.csv": "id,prompt,response_a,respones_b\n1,p,a,b\n",
    "twice.csv": `${ROWS}1,p,a,b\n`,
  });
  const result = await inProcess(args, cwd);
  for (const text of texts) expect(result.stderr).toContain(text);
  expect(result).toMatchObject({ status, stdout: "" });
});

test.each([
  ["usage", ["run", "--deadlin", "9h"], 2, /unknown option '--deadlin'/],
  ["the config", ["run", "nowhere.yaml"], 2, /^abtie: cannot read the config .*nowhere\.yaml/],
  ["the data", ["validate", "none.csv", "-i", "none.csv"], 3, /^abtie: .*none\.csv/],
])("ends the process with its own status for a mistake in %s, without a stack", async (_name, args, status, text) => {
  const result = await abtie(args, { cwd: await temporaryFolder() });
  expect(result).toMatchObject({ status, stdout: "", stderr: expect.stringMatching(text) });
  expect(result.stderr).not.toMatch(/^\s+at /m);
});

test("reports that a server is down, and leaves a complete file of fallbacks", async () => {
  const judge = await startJudge();
  const { url } = judge;
  await judge.close();
  const job = await writeJob({ engine: { attach: url }, config: { prior: [0.5, 0.3, 0.2] } });
  const result = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(result).toMatchObject({ status: 4, stdout: "" });
  expect(result.stderr).toContain(url);
  expect(result.stderr).toContain("ECONNREFUSED");
  const rows = expectValid(job.submission, job.ids);
  expect(rows[0]).toMatchObject({ winner_model_a: "0.500000", winner_model_b: "0.300000", winner_tie: "0.200000" });
  expect(readLines(job.rowsFile).every(({ obtained }) => obtained === "prior")).toBe(true);
});

test("reports that a port is taken, and how to find the program that has it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const job = await writeJob({ engine: spawning({}, { port }) });
  const result = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(result).toMatchObject({ status: 4, stdout: "" });
  expect(result.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
  expectValid(job.submission, job.ids);
});

test("reports why a server did not start, with the end of its log", async () => {
  const failText = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.";
  const job = await writeJob({ engine: spawning({ failText }) });
  const result = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(result).toMatchObject({ status: 4, stdout: "" });
  expect(result.stderr).toContain(failText);
  expect(result.stderr).toContain(join(job.folder, "run/server.log"));
  expectValid(job.submission, job.ids);
});

test("refuses to write where a file cannot be, before anything is sent", async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" } });
  await writeFile(join(job.folder, "file"), "");
  const result = await abtie(["run", "job.yaml", "-o", "file/submission.csv"], { cwd: job.folder });
  expect(result).toMatchObject({ status: 3, stdout: "" });
  expect(result.stderr).toContain("/file/.submission.csv.lock");
});
