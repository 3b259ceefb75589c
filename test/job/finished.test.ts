import { readFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { writeLabels } from "../helpers/judged-folder.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

test("ends at once when nothing is left to score: it sends no request and leaves every file as it is", async () => {
  const job = await finished("both");
  const before = filesOf(job);
  const again = await inProcess(["run", "job.yaml"], job.folder);
  expect(again).toMatchObject({ status: 0, stdout: "" });
  expect(again.stderr).toContain("160 of 160 rows scored");
  expect(filesOf(job)).toEqual(before);
  expect(summaryIn(job.folder)).toMatchObject({
    end: "done",
    engine: { version: "0.32.0", method: "logprob_token_ids" },
    session: { requests: 0, resumedRows: 160 },
  });
});

test("applies a calibration to a finished run without a request", async () => {
  const job = await finished("one");
  const before = expectValid(job.submission, job.ids);
  await writeLabels(job.folder);
  const made = await inProcess(["calibrate", "run", "--labels", "labels.csv", "-o", "c.json"], job.folder);
  expect(made.status, made.stderr).toBe(0);
  await appendFile(join(job.folder, "job.yaml"), "calibration: c.json\n");
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  expect(expectValid(job.submission, job.ids)).not.toEqual(before);
  expect(summaryIn(job.folder)).toMatchObject({ calibration: { file: join(job.folder, "c.json") } });
});

test("reports at the end the effect of the swapped order: flips, mean change, and the position bias of evaluate", async () => {
  const job = await finished("both");
  const pairs = readLines(job.rowsFile).map(({ ab, ba }) => {
    const [b, a, tie] = softmax(ba?.logProbs ?? []) as [number, number, number];
    return { first: softmax(ab?.logProbs ?? []), second: [a, b, tie] };
  });
  const mean = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const best = (values: readonly number[]): number => values.indexOf(Math.max(...values));
  const flipRate = mean(({ first, second }) => (best(first) === best(second) ? 0 : 1));
  expect(flipRate).toBeGreaterThan(0);
  await writeLabels(job.folder);
  const args = ["evaluate", "run", "--labels", "labels.csv", "--json"];
  const evaluated = JSON.parse((await inProcess(args, job.folder)).stdout);
  expect(evaluated.swap.positionBias).not.toBe(0);
  const { bothOrders } = JSON.parse((await inProcess(["run", "job.yaml", "--json"], job.folder)).stdout);
  expect(bothOrders).toEqual({
    pairs: 160,
    flipRate: expect.closeTo(flipRate, 12),
    meanDistance: expect.closeTo(
      mean(({ first, second }) => distance(first, second)),
      12,
    ),
    meanChange: expect.closeTo(
      mean(({ first, second }) => distance(first, second) / 2),
      12,
    ),
    positionBias: evaluated.swap.positionBias,
  });
  const { stderr } = await inProcess(["run", "job.yaml"], job.folder);
  expect(stderr).toContain(`both orders  160 rows: the verdict flips in ${(100 * flipRate).toFixed(1)} %`);
});

/** Runs a job to its end and stops its server. */
async function finished(orders: "one" | "both"): Promise<Job> {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 160, config: { orders } });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  return job;
}

function filesOf({ folder }: Job): readonly string[] {
  return ["submission.csv", "rows.jsonl", "journal.jsonl", "manifest.json", "clock.svg"].map((name) =>
    readFileSync(join(folder, "run", name), "utf8"),
  );
}

function softmax(logProbs: readonly (number | null)[]): number[] {
  const weights = logProbs.map((value) => Math.exp(value ?? Number.NEGATIVE_INFINITY));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, k) => sum + Math.abs(value - (other[k] ?? 0)), 0) / 2;
}
