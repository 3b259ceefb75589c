import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { describe, expect, test } from "vitest";
import type { SubjectEvaluation } from "../../src/evaluate/evaluation.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeJudged, writeLabels } from "../helpers/judged-folder.ts";

type Rows = readonly Record<string, string>[];

const read = (folder: string, name: string): Rows => parse(readFileSync(join(folder, name), "utf8"), { columns: true });

/** A judged folder with a labelled sample, and `flat.csv`, a judge that gives every row the same probabilities. */
async function sampled(options: Parameters<typeof writeJudged>[0], labels: number): Promise<string> {
  const folder = await writeJudged(options);
  expect(await inProcess(["sample", "run", "-n", String(labels), "-o", "sample.csv"], folder)).toMatchObject({
    status: 0,
  });
  const rows = read(folder, "rows.csv");
  const winner = new Map(rows.map((row) => [row["id"], winnerOf(row)]));
  const filled = read(folder, "sample.csv").map((row) => ({ ...row, winner: winner.get(row["id"]) }));
  await writeFile(join(folder, "sample.csv"), stringify(filled, { header: true }));
  const [head, share] = options.classes?.length === 2 ? ["", "0.5,0.5"] : [",winner_tie", "0.3,0.3,0.4"];
  const flat = [...rows].reverse().map(({ id }) => `${id},${share}`);
  await writeFile(join(folder, "flat.csv"), [`id,winner_model_a,winner_model_b${head}`, ...flat, ""].join("\n"));
  return folder;
}

/** Draws sample.csv and labels it with the labels of a file. */
async function drawSample(folder: string, labels: number, file: string): Promise<void> {
  const args = ["sample", "run", "-n", String(labels), "-o", "sample.csv"];
  expect(await inProcess(args, folder)).toMatchObject({ status: 0 });
  const winner = new Map(read(folder, file).map((row) => [row["id"], winnerOf(row)]));
  const filled = read(folder, "sample.csv").map((row) => ({ ...row, winner: winner.get(row["id"]) }));
  await writeFile(join(folder, "sample.csv"), stringify(filled, { header: true }));
}

function winnerOf(row: Record<string, string>): string {
  return row["winner_model_a"] === "1" ? "A" : row["winner_model_b"] === "1" ? "B" : "tie";
}

async function evaluated(args: readonly string[], folder: string): Promise<SubjectEvaluation> {
  const { status, stdout, stderr } = await inProcess(["evaluate", ...args, "--json"], folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("evaluating with few labels", () => {
  test("says to which numbers the judgements add nothing, and why", async () => {
    const folder = await sampled({ rows: 400, sharpness: 1, orders: "one" }, 100);
    const said = async (...args: string[]): Promise<string> =>
      (await inProcess(["evaluate", ...args, "--labels", "sample.csv"], folder)).stdout;
    expect(await said("run")).not.toMatch(/add nothing to .*(these numbers|win rate of A)/);
    expect(await said("flat.csv")).toContain(
      "The judgements of all rows add nothing to these numbers: by 100 labels, what the judge expects and what the labels show do not go together",
    );
    const all = await inProcess(["sample", "run", "-n", "400", "-o", "all.csv"], folder);
    expect(all).toMatchObject({ status: 0 });
    const winner = new Map(read(folder, "rows.csv").map((row) => [row["id"], winnerOf(row)]));
    const filled = read(folder, "all.csv").map((row) => ({ ...row, winner: winner.get(row["id"]) }));
    await writeFile(join(folder, "all.csv"), stringify(filled, { header: true }));
    const { stdout } = await inProcess(["evaluate", "run", "--labels", "all.csv"], folder);
    expect(stdout).toContain("add nothing to these numbers: every row has a label.");
  });

  test("uses the judgements of all rows: narrower intervals that hold the scores of all rows, and the win rate", async () => {
    const folder = await sampled({ rows: 1_000, sharpness: 1, orders: "one" }, 150);
    const all = (await evaluated(["run"], folder)).scores[0]?.evaluation;
    const { powered, scores } = await evaluated(["run", "--labels", "sample.csv"], folder);
    if (powered === null) throw new Error("a sample is evaluated with the judgements of all rows");
    const { logLoss, accuracy, winRate } = powered.scores;
    const rows = read(folder, "rows.csv").map(winnerOf);
    const share =
      rows.reduce((sum, winner) => sum + (winner === "A" ? 1 : winner === "tie" ? 0.5 : 0), 0) / rows.length;
    for (const [estimate, truth] of [
      [logLoss, all?.logLoss.mean ?? Number.NaN],
      [accuracy, all?.accuracy.mean ?? Number.NaN],
      [winRate, share],
    ] as const) {
      const { low, high } = estimate.error?.interval ?? { low: 0, high: 0 };
      const alone = estimate.labelsOnly.error?.interval ?? { low: 0, high: 0 };
      expect(low).toBeLessThan(truth);
      expect(high).toBeGreaterThan(truth);
      expect(high - low).toBeLessThan(alone.high - alone.low);
      expect(estimate).toMatchObject({ labels: 150, of: 1_000 });
    }
    expect(logLoss.labelsOnly.mean).toBeCloseTo(scores[0]?.evaluation.logLoss.mean ?? Number.NaN, 12);
    expect(powered.difference).toBeNull();
    // The judge is calibrated, so that a label tells little about who wins that the judge did not know.
    expect(winRate.lambda).toBeGreaterThan(0.7);
  });

  test("estimates the difference of two judges whose rows are in another order, and says what would settle it", async () => {
    const folder = await sampled({ rows: 600, sharpness: 1, orders: "one" }, 120);
    const { powered } = await evaluated(["run", "--labels", "sample.csv", "--against", "flat.csv"], folder);
    const difference = powered?.difference;
    expect(difference?.against).toBe(join(folder, "flat.csv"));
    // The flat judge is worse, so that its log loss is the larger one, and its accuracy the smaller.
    expect(difference?.logLoss).toMatchObject({ isSettled: true, against: 0, moreLabels: { powered: 0 } });
    expect(difference?.logLoss.mean).toBeLessThan(0);
    expect(difference?.accuracy.mean).toBeLessThan(0);
    const { stdout } = await inProcess(["evaluate", "run", "--labels", "sample.csv", "--against", "flat.csv"], folder);
    expect(stdout).toContain("flat.csv has the higher log loss: the interval is on one side of 0.");
    expect(stdout).toMatch(/^Whether A or B wins more often is open: |^[AB] wins more often than [AB]: /m);
  });

  test("shows them on the page and in the Markdown of a report", async () => {
    await using judge = await startJudge();
    const { folder } = await writeJob({ engine: attachTo(judge) });
    await writeLabels(folder);
    expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
    await drawSample(folder, 20, "labels.csv");
    expect(await inProcess(["report", "run", "--labels", "sample.csv"], folder)).toMatchObject({ status: 0 });
    const [page, markdown] = ["html", "md"].map((end) => readFileSync(join(folder, `run/report.${end}`), "utf8"));
    expect(page).toContain("With all judgements");
    expect(markdown).toMatch(/\| win rate of A \| \d\d\.\d %/);
  });

  test("measures a judge without a tie by the rows with a winner, and the win rate by all rows", async () => {
    const folder = await sampled({ rows: 500, sharpness: 1, orders: "one", classes: ["a", "b"] }, 100);
    const { powered, ties } = await evaluated(["run", "--labels", "sample.csv", "--against", "flat.csv"], folder);
    expect(ties).toBeGreaterThan(0);
    expect(powered?.scores.accuracy.labelsOnly.rows).toBe(100 - ties);
    expect(powered?.scores.winRate.labelsOnly.rows).toBe(100);
    expect(powered?.difference?.logLoss.mean).toBeLessThan(0);
  });

  test("compares two judges also when all rows have labels, and then by the labels alone", async () => {
    const folder = await sampled({ rows: 200, sharpness: 1, orders: "one" }, 20);
    const { powered } = await evaluated(["run", "--against", "flat.csv"], folder);
    expect(powered?.difference?.logLoss).toMatchObject({ lambda: 0, labels: 200, of: 200 });
    expect((await evaluated(["run"], folder)).powered).toBeNull();
  });

  test("refuses another judge of other rows, or of other classes", async () => {
    const folder = await sampled({ rows: 40, sharpness: 1, orders: "one" }, 20);
    await writeFile(join(folder, "few.csv"), "id,winner_model_a,winner_model_b,winner_tie\nr1,0.2,0.3,0.5\n");
    await writeFile(
      join(folder, "two.csv"),
      `id,winner_model_a,winner_model_b\n${read(folder, "rows.csv")
        .map(({ id }) => `${id},0.4,0.6\n`)
        .join("")}`,
    );
    for (const [name, message] of [
      ["few.csv", "hold different rows"],
      ["two.csv", "name runs that all know a tie, or none"],
    ] as const) {
      const said = await inProcess(["evaluate", "run", "--labels", "sample.csv", "--against", name], folder);
      expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining(message) });
    }
  });
});
