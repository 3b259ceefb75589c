import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { nodeDisk } from "../../src/files/disk.ts";
import { ensureFirstFile } from "../../src/job/first-file.ts";
import { CLASSES, DEFAULT_COLUMNS } from "../../src/types.ts";
import { inProcess, type Said } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { writeLabels } from "../helpers/judged-folder.ts";
import { expectValid, readLines } from "../helpers/results.ts";

type Cells = Readonly<Record<string, unknown>>;

/** Reads an output by the end of its name, with other code than abtie's. */
async function readOutput(path: string): Promise<readonly Cells[]> {
  const written = readFileSync(path);
  const bytes = path.endsWith(".gz") ? gunzipSync(written) : written;
  if (path.endsWith(".parquet")) return parquetReadObjects({ file: new Uint8Array(bytes).buffer });
  const text = bytes.toString("utf8");
  if (/\.(jsonl|ndjson)(\.gz)?$/.test(path)) {
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }
  return parse(text, { columns: true });
}

const PROBABILITIES = ["winner_model_a", "winner_model_b", "winner_tie"];
const RESULTS = [...PROBABILITIES, "verdict", "obtained", "reason", "label_mass"];
const ROWS = 12;
const FORMS = [
  ["o.csv", "wide"],
  ["o.csv.gz", "wide"],
  ["o.jsonl", "jsonl"],
  ["o.ndjson.gz", "jsonl"],
  ["o.parquet", "parquet"],
] as const;

/** A finished run whose input also has columns that an output may repeat. */
async function finishedRun(): Promise<Job> {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
  const rows: Cells[] = parse(readFileSync(join(job.folder, "rows.csv"), "utf8"), { columns: true });
  const more = rows.map((row, index) => ({
    ...row,
    note: index === 0 ? 'a "quoted",\nnote é' : `n${index}`,
    verdict: "x",
  }));
  await writeFile(join(job.folder, "rows.csv"), stringify(more, { header: true }));
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  return job;
}

function again(job: Job, ...flags: readonly string[]): Promise<Said> {
  return inProcess(["run", "job.yaml", ...flags], job.folder);
}

describe("the output of a run", () => {
  test("has the same probabilities in every form, and the columns that the user wants", async () => {
    const job = await finishedRun();
    const submission = expectValid(job.submission, job.ids).map((row) =>
      PROBABILITIES.map((name) => Number((row as unknown as Cells)[name])),
    );
    for (const [name] of FORMS) {
      const path = join(job.folder, name);
      const said = await again(job, "-o", name, "--set", 'output.columns=["note","verdict"]');
      expect({ name, ...said }).toMatchObject({ status: 0 });
      const rows = await readOutput(path);
      expect(Object.keys(rows[0] ?? {})).toEqual(["id", "note", "input_verdict", ...RESULTS]);
      expect(rows.map(({ id }) => id)).toEqual(job.ids);
      expect(rows[0]).toMatchObject({ note: 'a "quoted",\nnote é', input_verdict: "x" });
      for (const [index, row] of rows.entries()) {
        const written = PROBABILITIES.map((column) => Number(row[column]));
        expect(written).toEqual(submission[index]);
        expect(row["verdict"]).toBe(["a", "b", "tie"][written.indexOf(Math.max(...written))]);
        expect(row["obtained"]).toBe("one-order");
        expect(Number(row["label_mass"])).toBeGreaterThan(0);
      }
      const typeOfNumbers = /csv/.test(name) ? "string" : "number";
      expect([...PROBABILITIES, "label_mass"].map((column) => typeof rows[0]?.[column])).toEqual(
        Array.from({ length: 4 }, () => typeOfNumbers),
      );
      const checked = await inProcess(["validate", name, "-i", "rows.csv", "--format", "wide"], job.folder);
      expect(checked).toMatchObject({ status: 0, stderr: expect.stringContaining("is valid") });
    }
    // The grader's check of a CSV refuses what a submission must not have.
    const refused = await inProcess(["validate", "o.csv", "-i", "rows.csv"], job.folder);
    expect(refused).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/columns that do not belong.*--format wide/s),
    });
    // The other kinds of file are no submission: their further columns are expected.
    expect((await inProcess(["validate", "o.parquet", "-i", "rows.csv"], job.folder)).status).toBe(0);
  });

  test("is a complete, valid file of fallbacks in every form before any server answers", async () => {
    const job = await writeJob({ engine: attachTo(), rows: 5 });
    await using dataset = await openDataset(join(job.folder, "rows.csv"));
    for (const [name, kind] of FORMS) {
      const output = join(job.folder, name);
      const config = {
        output,
        outputForm: { kind, gzip: name.endsWith(".gz"), columns: "all" },
        runFolder: join(job.folder, "run"),
        columns: DEFAULT_COLUMNS,
        classes: CLASSES,
        clip: [0.005, 0.99],
        prior: [0.5, 0.25, 0.25],
      } as const;
      expect(await ensureFirstFile(config, dataset, nodeDisk)).toBe(true);
      // The file in place is checked, and kept.
      expect(await ensureFirstFile(config, dataset, nodeDisk)).toBe(true);
      const rows = await readOutput(output);
      expect(rows.map(({ id }) => id)).toEqual(job.ids);
      for (const row of rows) {
        expect(PROBABILITIES.map((column) => Number(row[column]))).toEqual([0.5, 0.25, 0.25]);
        expect(row).toMatchObject({ verdict: "a", obtained: "prior", reason: "not reached" });
        expect([null, ""]).toContain(row["label_mass"]);
        expect(row["response_a"]).toMatch(/^\["/);
      }
    }
  });

  test("can be read again when a judge without a tie repeats a column of the input with the name of the tie", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
    await writeLabels(job.folder);
    const path = join(job.folder, "template.jinja");
    await writeFile(path, (await readFile(path, "utf8")).replace(', tie: " tie"', ""));
    for (const name of ["o.csv", "o.jsonl", "o.parquet"]) {
      const said = await again(job, "-i", "labels.csv", "-o", name, "--set", "output.columns=all");
      expect(said).toMatchObject({ status: 0 });
      const [row] = await readOutput(join(job.folder, name));
      expect(Object.keys(row ?? {})).toContain("input_winner_tie");
      expect(Object.keys(row ?? {})).not.toContain("winner_tie");
      const checked = await inProcess(["validate", name, "-i", "labels.csv", "--format", "wide"], job.folder);
      expect(checked).toMatchObject({ status: 0, stderr: expect.stringContaining("is valid") });
    }
  });

  test("gives each column its own name when the input is itself an output with columns of its input", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
    const path = join(job.folder, "rows.csv");
    const rows: Cells[] = parse(readFileSync(path, "utf8"), { columns: true });
    await writeFile(
      path,
      stringify(
        rows.map((row) => ({ ...row, verdict: "x" })),
        { header: true },
      ),
    );
    expect(await again(job, "-o", "one.csv", "--set", "output.columns=all")).toMatchObject({ status: 0 });
    const said = await again(job, "-i", "one.csv", "-o", "two.csv", "--set", "output.columns=all", "--run", "second");
    expect(said).toMatchObject({ status: 0 });
    const [row] = await readOutput(join(job.folder, "two.csv"));
    expect(row).toMatchObject({ input_verdict: "x", input_input_verdict: expect.stringMatching(/^(a|b|tie)$/) });
    const [header = ""] = readFileSync(join(job.folder, "two.csv"), "utf8").split("\n");
    const names = header.split(",");
    expect(new Set(names).size).toBe(names.length);
  });

  test("tells to which side the chosen answer was dealt, and a resumed run deals alike", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: 0 });
    const rows = Array.from({ length: 20 }, (_, id) => ({
      id: `r${id}`,
      prompt: "p",
      chosen: "good",
      rejected: "bad",
    }));
    const run = async (order: typeof rows, ...flags: readonly string[]): Promise<ReadonlyMap<unknown, unknown>> => {
      await writeFile(join(job.folder, "rows.jsonl"), order.map((row) => JSON.stringify(row)).join("\n"));
      const said = await again(job, "-i", "rows.jsonl", "-o", "o.jsonl", ...flags);
      expect(said).toMatchObject({ status: 0 });
      const written = await readOutput(join(job.folder, "o.jsonl"));
      const sides = new Map(written.map(({ id, chosen_side: side }) => [id, side]));
      expect(readLines(job.rowsFile).map((row) => [row.id, (row as { chosen?: string }).chosen])).toEqual([...sides]);
      return sides;
    };
    const first = await run(rows);
    expect(new Set(first.values())).toEqual(new Set(["a", "b"]));
    expect(await run(rows)).toEqual(first);
    expect(await run([...rows].reverse(), "--fresh")).toEqual(first);
    await using dataset = await openDataset(join(job.folder, "rows.jsonl"));
    for (const [row, id] of dataset.ids.entries()) {
      const { responsesA } = await dataset.read(row);
      expect(responsesA).toEqual([first.get(id) === "a" ? "good" : "bad"]);
    }
  });

  test("lies in the run folder under the name of its form when the config names no file", async () => {
    const job = await finishedRun();
    expect((await again(job, "--set", "output.format=parquet")).status).toBe(0);
    expect((await readOutput(join(job.folder, "run/submission.parquet"))).length).toBe(ROWS);
    expect((await again(job, "--set", "output.format=parquet")).status).toBe(0);
  });

  test("is still recognised as that of its run, packed and binary", async () => {
    const job = await finishedRun();
    for (const name of ["o.parquet", "o.jsonl.gz"]) {
      expect((await again(job, "-o", name)).status).toBe(0);
      expect((await again(job, "-o", name)).status).toBe(0);
      await writeFile(join(job.folder, name), "my own file");
      expect(await again(job, "-o", name)).toMatchObject({ status: 2, stderr: expect.stringContaining("--force") });
    }
  });

  test.each([
    ["-o out.tsv", /ends in \.tsv, which is not written: name it \.csv, \.csv\.gz, \.jsonl, \.jsonl\.gz or \.parquet/],
    ["-o out.parquet.gz", /Parquet is compressed by itself: name it \.parquet/],
    [
      "-o out.jsonl --set output.format=parquet",
      /output\.format.*is parquet, but the file ends in \.jsonl: name it \.parquet/,
    ],
    [
      "--set output.format=submission --set output.columns=all",
      /a submission has ids and probabilities alone: use format wide/,
    ],
    [
      '--set output.columns=["promt"]',
      /output\.columns names "promt" \(did you mean "prompt"\?\), which .*rows\.csv does not have/,
    ],
    ["--set output.format=excel", /output\.format/],
  ])("is refused with a remedy and before anything is written: %s", async (flags, message) => {
    const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" }, rows: 2 });
    const said = await again(job, ...flags.split(" "));
    expect(said).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
    expect(() => readFileSync(join(job.folder, "run/submission.csv"))).toThrow();
  });
});
