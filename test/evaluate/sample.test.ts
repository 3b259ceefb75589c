import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SampleResult } from "../../src/commands/sample.ts";
import { cellText, readCell } from "../../src/dataset/cell.ts";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { writeCell } from "../../src/dataset/submission/write-sample.ts";
import type { SubjectEvaluation } from "../../src/evaluate/evaluation.ts";
import { sizesOf, worthLabelling } from "../../src/evaluate/worth-labelling.ts";
import { CLASSES, type Classes, WITHOUT_TIE } from "../../src/types.ts";
import golden from "../fixtures/evaluate/sample.json" with { type: "json" };
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { writeJudged } from "../helpers/judged-folder.ts";

const LABELS = ["winner_model_a", "winner_model_b", "winner_tie"] as const;

function readTable(file: string): Record<string, string>[] {
  return parse(readFileSync(file, "utf8"), { columns: true });
}

/** Reads the records of a file of any kind, as texts. */
async function readRecords(path: string): Promise<Record<string, string>[]> {
  await using dataset = await openDataset(path);
  const rows = await Promise.all(dataset.ids.map((_, index) => dataset.readCells(index)));
  return rows.map((cells) => Object.fromEntries(dataset.names.map((name, at) => [name, cellText(cells[at])])));
}

async function evaluated(args: readonly string[], folder: string): Promise<SubjectEvaluation> {
  const { status, stdout, stderr } = await inProcess(["evaluate", ...args, "--json"], folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** Fills the column winner of a sample with the labels of rows.csv. */
async function labelSample(folder: string, keep: (index: number) => boolean = () => true): Promise<void> {
  const truth = new Map(readTable(join(folder, "rows.csv")).map((row) => [row["id"], row]));
  const labelled = readTable(join(folder, "sample.csv")).map((row, index) => {
    const known = LABELS.findIndex((name) => truth.get(row["id"])?.[name] === "1");
    return { ...row, winner: keep(index) ? (["A", "B", "tie"][known] ?? "") : "" };
  });
  await writeFile(join(folder, "sample.csv"), stringify(labelled, { header: true }));
}

describe("abtie sample", () => {
  test("writes rows with their texts, empty labels and inclusion probabilities that sum to the size over all rows", async () => {
    const folder = await writeJudged({ rows: 200, sharpness: 1, orders: "both" });
    const args = ["sample", "run", "-n", "30", "-o", "sample.csv"];
    const { status, stdout, stderr } = await inProcess(args, folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^30 rows of 200 in .*sample\.csv, inclusion probabilities 0\.\d+ to 0\.\d+\n/);
    const rows = readTable(join(folder, "sample.csv"));
    const source = new Map(readTable(join(folder, "rows.csv")).map((row) => [row["id"], row]));
    expect(rows).toHaveLength(30);
    for (const row of rows) {
      const { prompt, response_a, response_b } = source.get(row["id"]) ?? {};
      expect(row).toMatchObject({ prompt, response_a, response_b, winner: "" });
      // Half of the sample is drawn from all rows alike.
      expect(Number(row["inclusion_probability"])).toBeGreaterThanOrEqual((0.5 * 30) / 200);
    }
    // The order of the sample shows nothing of the order of the file.
    const numbers = rows.map((row) => Number((row["id"] ?? "").slice(1)));
    expect(numbers).not.toEqual([...numbers].sort((one, other) => one - other));
    await inProcess([...args.slice(0, -1), "again.csv"], folder);
    expect(readFileSync(join(folder, "again.csv"), "utf8")).toBe(readFileSync(join(folder, "sample.csv"), "utf8"));
    const other = await inProcess([...args, "--seed", "5", "--json", "--force"], folder);
    const result = JSON.parse(other.stdout) as SampleResult;
    expect(result).toMatchObject({ rows: 30, of: 200, seed: 5, labelColumns: ["winner"] });
    expect(readTable(join(folder, "sample.csv")).map(({ id }) => id)).not.toEqual(rows.map(({ id }) => id));
  });

  test("gives all rows when it is asked for more, and evaluate then gives the scores of all rows", async () => {
    const folder = await writeJudged({ rows: 40, sharpness: 1, orders: "one" });
    expect(await inProcess(["sample", "run", "-o", "sample.csv"], folder)).toMatchObject({ status: 0 });
    await labelSample(folder);
    const [all, sampled] = [
      await evaluated(["run"], folder),
      await evaluated(["run", "--labels", "sample.csv"], folder),
    ];
    expect(sampled.sample).toMatchObject({ of: 40 });
    expect(sampled.sample?.effectiveRows).toBeCloseTo(40, 9);
    expect(sampled.scores[0]?.evaluation.logLoss.mean).toBeCloseTo(all.scores[0]?.evaluation.logLoss.mean ?? 0, 12);
    expect(sampled.groups).toBe(all.groups);
  });

  test("lets evaluate estimate the log loss of all rows, where the rows of the sample alone would be too hard", async () => {
    const folder = await writeJudged({ rows: 400, sharpness: 1, orders: "one" });
    const all = await evaluated(["run"], folder);
    const truth = all.scores[0]?.evaluation.logLoss.mean ?? Number.NaN;
    await inProcess(["sample", "run", "-n", "150", "--uniform", "0.3", "-o", "sample.csv"], folder);
    await labelSample(folder);
    const { sample, rows, scores } = await evaluated(["run", "--labels", "sample.csv"], folder);
    expect({ rows, of: sample?.of }).toEqual({ rows: 150, of: 400 });
    const { low, high } = scores[0]?.evaluation.logLoss.error?.interval ?? { low: 0, high: 0 };
    expect(low).toBeLessThan(truth);
    expect(high).toBeGreaterThan(truth);
    const printed = await inProcess(["evaluate", "run", "--labels", "sample.csv"], folder);
    expect(printed.stdout).toContain("A sample of 400 rows");
    // Also a calibration can be fitted to a sample.
    const fitted = await inProcess(["calibrate", "run", "--labels", "sample.csv", "-o", "c.json", "--json"], folder);
    expect(JSON.parse(fitted.stdout)).toMatchObject({ rows: 150 });
  });

  test("refuses judges with a tie beside judges without one, in either order", async () => {
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    const lines = readTable(join(folder, "rows.csv")).map(({ id }) => `${id},0.7,0.3\n`);
    await writeFile(join(folder, "two.csv"), `id,winner_model_a,winner_model_b\n${lines.join("")}`);
    for (const judges of [
      ["run", "two.csv"],
      ["two.csv", "run"],
    ]) {
      const said = await inProcess(["sample", ...judges, "-i", "rows.csv", "-n", "5", "-o", "mixed.csv"], folder);
      expect(said).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("name runs that all know a tie, or none"),
      });
    }
  });

  const settings: readonly (readonly [
    string,
    { readonly columns?: object; readonly truth?: string; readonly classes?: Classes; readonly says: RegExp },
  ])[] = [
    ["the usual column", { says: /Write A, B or tie into the column winner / }],
    [
      "codes",
      {
        columns: { label: "gold", codes: { 1: "a", 2: "b", 0: "tie" } },
        says: /Write 1 \(A\), 2 \(B\) or 0 \(tie\) into the column gold /,
      },
    ],
    ["a column of words", { columns: { label: "gold" }, says: /Write A, B or tie into the column gold / }],
    ["columns of weights", { columns: { labels: ["x", "y", "z"] }, says: /Write 1 into one of the columns x, y, z / }],
    ["votes", { truth: "votes", says: /Write A, B or tie, several votes .* into the column votes / }],
    ["a judge of two classes", { classes: WITHOUT_TIE, says: /Write A or B into the column winner / }],
    [
      "two classes with codes",
      {
        classes: WITHOUT_TIE,
        columns: { label: "gold", codes: { 1: "a", 2: "b", 0: "tie" } },
        says: /Write 1 \(A\) or 2 \(B\) into the column gold /,
      },
    ],
    [
      "two columns of weights",
      { classes: WITHOUT_TIE, columns: { labels: ["x", "y", "z"] }, says: /Write 1 into one of the columns x, y and/ },
    ],
  ];
  const forms = ["sample.csv", "sample.jsonl", "sample.parquet"] as const;

  test.each(
    settings.flatMap(([name, setting], at) => [[name, forms[at % forms.length] ?? forms[0], setting] as const]),
  )(
    "writes a file that evaluate understands when it is filled in as it says: %s, %s",
    async (_, file, { columns = {}, truth = "labels", classes = CLASSES, says }) => {
      const folder = await writeJudged({ rows: 12, sharpness: 1, orders: "one", classes });
      const manifest = JSON.parse(readFileSync(join(folder, "run/manifest.json"), "utf8"));
      Object.assign(manifest.config, { truth });
      Object.assign(manifest.config.columns, columns);
      await writeFile(join(folder, "run/manifest.json"), JSON.stringify(manifest));
      const said = await inProcess(["sample", "run", "-n", "12", "-o", file], folder);
      expect(said).toMatchObject({ status: 0, stderr: "" });
      expect(said.stdout).toMatch(says);

      // A person labels half of the rows as A, half as B, in the words of the program.
      const rows = await readRecords(join(folder, file));
      const into = JSON.parse(
        (await inProcess(["sample", "run", "-o", "x.csv", "--json"], folder)).stdout,
      ).labelColumns;
      const filled = rows.map((row, index) => ({
        ...row,
        ...(into.length === 1
          ? { [into[0]]: ["a", "B"][index % 2] }
          : Object.fromEntries(into.map((name: string, k: number) => [name, k === index % 2 ? "1" : "0"]))),
      }));
      await writeFile(join(folder, "filled.csv"), stringify(filled, { header: true }));
      const { rows: evaluatedRows } = await evaluated(["run", "--labels", "filled.csv"], folder);
      expect(evaluatedRows).toBe(12);
    },
  );

  test("writes the form that the name of the file says, or refuses the name", async () => {
    const folder = await writeJudged({ rows: 8, sharpness: 1, orders: "one" });
    for (const file of ["s.tsv", "s.json", "s.xlsx", "s.parquet.gz"]) {
      const said = await inProcess(["sample", "run", "-o", file], folder);
      expect(said).toMatchObject({ status: 2 });
      expect(said.stderr).toMatch(/the sample ends in \.(tsv|json|xlsx|gz).*name it/);
    }
    for (const file of ["s.csv", "s.csv.gz", "s.jsonl.gz", "s.jsonl", "s.parquet"]) {
      expect(await inProcess(["sample", "run", "-o", file], folder)).toMatchObject({ status: 0 });
      expect(await readRecords(join(folder, file))).toHaveLength(8);
    }
  });

  test("refuses half a labelled sample with the lines, foreign rows, runs of other rows, and overwriting its input", async () => {
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    await inProcess(["sample", "run", "-n", "6", "-o", "sample.csv"], folder);
    const empty = await inProcess(["evaluate", "run", "--labels", "sample.csv"], folder);
    expect(empty).toMatchObject({ status: 3 });
    expect(empty.stderr).toContain(
      "is a sample that nobody has labelled yet: write A, B or tie into the column winner of every row",
    );
    await labelSample(folder, (index) => index !== 2);
    const half = await inProcess(["evaluate", "run", "--labels", "sample.csv"], folder);
    expect(half).toMatchObject({ status: 3 });
    expect(half.stderr).toMatch(/line 4.*the row has no label/);
    expect(half.stderr).toContain("delete the rows that nobody has labelled");
    await labelSample(folder);
    const text = readFileSync(join(folder, "sample.csv"), "utf8");
    await writeFile(join(folder, "foreign.csv"), text.replace(/\nr\d+,/, "\nx1,"));
    const foreign = await inProcess(["evaluate", "run", "--labels", "foreign.csv"], folder);
    expect(foreign).toMatchObject({ status: 3 });
    expect(foreign.stderr).toMatch(
      /every row of the sample must be a judged one\. .*--labels\n1 in .*foreign\.csv that are not in .*: "x1"/,
    );
    await writeFile(
      join(folder, "wrong.csv"),
      readFileSync(join(folder, "sample.csv"), "utf8").replace(/,0\.\d+\n/, ",0\n"),
    );
    const wrong = await inProcess(["evaluate", "run", "--labels", "wrong.csv"], folder);
    expect(wrong.stderr).toMatch(/line 2.*the inclusion probability is "0"/);
    const submission = "id,winner_model_a,winner_model_b,winner_tie\nr0,0.3,0.3,0.4\n";
    await writeFile(join(folder, "short.csv"), submission);
    const other = await inProcess(["sample", "run", "short.csv", "-o", "more.csv"], folder);
    expect(other).toMatchObject({ status: 3 });
    expect(other.stderr).toContain("hold different rows");
    expect(await inProcess(["sample", "short.csv", "-o", "more.csv"], folder)).toMatchObject({ status: 2 });
    const over = await inProcess(["sample", "run", "-o", "rows.csv"], folder);
    expect(over).toMatchObject({ status: 2 });
    expect(over.stderr).toContain("choose another path (-o)");
  });

  test("writes every text so that it is read again as the same turns", () => {
    const turn = fc.oneof(
      fc.string(),
      fc.constantFrom("[1]", '["a"]', " [", "['a', 'b']", "", "null"),
      fc.constant(null),
    );
    void fc.assert(
      fc.property(fc.array(turn, { maxLength: 3 }), (turns) => {
        const cell = readCell(writeCell(turns));
        expect(cell.form === "messages" ? null : cell.turns).toEqual(turns);
      }),
    );
  });
});

describe("how much a row is worth labelling", () => {
  const judged = (triples: readonly (readonly number[])[], answered = true) => ({
    probabilities: { classes: CLASSES, values: Float64Array.from(triples.flat()) },
    isAnswered: () => answered,
  });

  test("is its uncertainty for one judge, and for two also their disagreement", () => {
    const [sure, unsure, opposite] = [
      [1, 0, 0],
      [1 / 3, 1 / 3, 1 / 3],
      [0, 1, 0],
    ] as const;
    expect([...worthLabelling([judged([sure, unsure])], 2)]).toEqual([0, expect.closeTo(1, 12)]);
    const two = worthLabelling([judged([sure, sure, unsure]), judged([sure, opposite, unsure])], 3);
    expect([...two]).toEqual([0, expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
    expect([...worthLabelling([judged([unsure], false)], 1)]).toEqual([0]);
  });

  test("leaves no row the size 0, whatever the rows are worth", () => {
    const worth = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
    void fc.assert(
      fc.property(worth, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, uniform) => {
        const sizes = sizesOf(Float64Array.from(values), uniform);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeCloseTo(1, 9);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual((uniform / values.length) * (1 - 1e-9));
      }),
    );
  });
});

test("an evaluation by a sample equals Hájek's estimates and their linearised errors from numpy", async () => {
  const { rows } = golden;
  const labels = rows.map((row, k) => ({
    id: `r${k}`,
    prompt: `p${row.group}`,
    response_a: "x",
    response_b: "y",
    winner: row.winner,
    inclusion_probability: row.inclusion,
  }));
  // The submission has more rows than the sample.
  const submitted = [...rows, ...rows].map(({ probabilities }, k) => [
    `r${k}`,
    ...probabilities.map((p) => p.toFixed(6)),
  ]);
  const folder = await temporaryFolder({
    "labels.csv": stringify(labels.reverse(), { header: true }),
    "submission.csv": stringify([["id", ...LABELS], ...submitted]),
  });
  const { scores, sample } = await evaluated(["submission.csv", "--labels", "labels.csv"], folder);
  expect(sample?.of).toBe(80);
  expect(sample?.effectiveRows).toBeCloseTo(golden.effectiveRows, 9);
  const evaluation = scores[0]?.evaluation;
  for (const name of ["logLoss", "accuracy", "brier"] as const) {
    expect(evaluation?.[name].mean).toBeCloseTo(golden[name].mean, 9);
    expect(evaluation?.[name].error?.standardError).toBeCloseTo(golden[name].standardError, 9);
  }
  expect(evaluation?.prior.logLoss).toBeCloseTo(golden.priorLogLoss, 9);
  for (const [k, share] of golden.prior.entries()) expect(evaluation?.prior.shares[k]).toBeCloseTo(share, 9);
});
