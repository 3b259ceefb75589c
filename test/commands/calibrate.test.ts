import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CalibrationResult } from "../../src/commands/calibrate.ts";
import type { SubjectEvaluation } from "../../src/evaluate/evaluation.ts";
import { WITHOUT_TIE } from "../../src/types.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { TEMPLATE_SHA, writeJudged, writeLabels } from "../helpers/judged-folder.ts";
import { expectValid, readLines } from "../helpers/results.ts";

const MASS_LOW = { minimum: 0.5, action: "fallback" };

describe("abtie calibrate", () => {
  test("finds the temperature of a judge that is three times too sure, prints the log loss before and after, and saves the judge's name", async () => {
    const folder = await writeJudged({ rows: 400, sharpness: 3, orders: "one" });
    const { status, stdout, stderr } = await inProcess(["calibrate", "run", "-o", "c.json", "--json"], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: `calibration written: ${join(folder, "c.json")}\n` });
    const result = JSON.parse(stdout) as CalibrationResult;
    expect(result).toMatchObject({
      kind: "temperature",
      refusal: null,
      warning: null,
      rows: 400,
      groups: 200,
      folds: 10,
      repeats: 10,
    });
    expect(1 / result.parameters.scale).toBeGreaterThan(2.4);
    expect(1 / result.parameters.scale).toBeLessThan(3.6);
    expect(result.calibrated.mean).toBeLessThan(result.prior.mean);
    expect(result.gain.error?.interval.low).toBeGreaterThan(0);
    expect(JSON.parse(readFileSync(join(folder, "c.json"), "utf8"))).toMatchObject({
      trainedOn: { rows: 400, groups: 200 },
      outOfFold: { raw: result.raw.mean, calibrated: result.calibrated.mean },
      judge: { model: "judge-1b", template: TEMPLATE_SHA, labels: { a: [" A"], b: [" B"], tie: [" tie"] } },
    });
  });

  test("fits a judge of two classes to the rows with a winner, and saves two biases and two labels", async () => {
    const folder = await writeJudged({ rows: 400, sharpness: 3, orders: "both", classes: WITHOUT_TIE });
    const { status, stdout } = await inProcess(["calibrate", "run", "-o", "c.json", "--json"], folder);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as CalibrationResult;
    expect(result).toMatchObject({ rows: 360, ties: 40, refusal: null });
    expect(result.parameters.bias).toHaveLength(2);
    expect(result.calibrated.mean).toBeLessThan(Math.log(2));
    const written = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    expect(written.parameters.bias).toEqual(result.parameters.bias);
    expect(written.judge.labels).toEqual({ a: [" A"], b: [" B"] });

    const evaluated = await inProcess(["evaluate", "run", "--json"], folder);
    expect(JSON.parse(evaluated.stdout) as SubjectEvaluation).toMatchObject({ rows: 360, ties: 40 });
    const { scores } = JSON.parse(evaluated.stdout) as SubjectEvaluation;
    expect(scores[0]?.evaluation.logLoss.mean).toBeCloseTo(result.raw.mean, 1);
  });

  test("writes nothing and exits with 3 when it does not help, but prints the scores", async () => {
    const folder = await writeJudged({ rows: 200, sharpness: 1, orders: "one" });
    const { status, stdout, stderr } = await inProcess(["calibrate", "run"], folder);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^raw +0\.\d{3} \(0\.\d{3} to 1?0?\.\d{3}\)/m);
    expect(stderr).toMatch(/no file was written: calibration does not help: out-of-fold log loss/);
    expect(existsSync(join(folder, "calibration.json"))).toBe(false);
  });

  test("refuses a run without a scored row", async () => {
    await using judge = await startJudge({ faults: [{ kind: "http-500" }] });
    const job = await writeJob({ engine: attachTo(judge), config: { attempts: 1 }, rows: 4 });
    await writeLabels(job.folder);
    await inProcess(["run", "job.yaml"], job.folder);
    const { status, stderr } = await inProcess(["calibrate", "run", "--labels", "labels.csv"], job.folder);
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining("no row that was scored") });
  });
});

describe("a run with a calibration", () => {
  test("applies it to earlier readings, records its file, and uses the file's parameters for both orders", async () => {
    await using judge = await startJudge();
    const job = await judged({ engine: attachTo(judge), config: { orders: "both" }, rows: 160 });
    const before = await evaluation(job);
    await use(job, "calibration: c.json");
    const { status, stdout, stderr } = await inProcess(["run", "job.yaml", "--json"], job.folder);
    expect(status, stderr).toBe(0);
    const { kind, parameters } = JSON.parse(readFileSync(join(job.folder, "c.json"), "utf8"));
    expect(JSON.parse(stdout)).toMatchObject({ calibration: { file: join(job.folder, "c.json"), kind } });
    expectValid(job.submission, job.ids);
    for (const { probabilities, ab, ba } of readLines(job.rowsFile)) {
      const one = corrected(parameters, ab?.logProbs ?? [], 0);
      const other = corrected(parameters, swapped(ba?.logProbs ?? []), 1);
      const expected = softmax(one.map((value, k) => parameters.both * ((value + (other[k] ?? 0)) / 2)));
      for (const [k, value] of probabilities.entries()) expect(value).toBeCloseTo(expected[k] ?? Number.NaN, 9);
    }
    const after = await evaluation(job);
    expect(before.warnings).toEqual([]);
    expect(after.warnings).toEqual([expect.stringMatching(/^c\.json was fitted to these very labels/)]);
    expect(after.scores.map(({ name }) => name)).toContain("without calibration");
    const raw = after.scores.find(({ name }) => name === "without calibration");
    expect(raw?.evaluation.logLoss.mean).toBeCloseTo(before.scores[0]?.evaluation.logLoss.mean ?? Number.NaN, 9);
    expect(after.scores[0]?.evaluation.logLoss.mean).toBeLessThan(raw?.evaluation.logLoss.mean ?? Number.NaN);
  });

  test("does not calibrate a reading without label mass, and gives the prior to a row without any other", async () => {
    await using judge = await startJudge();
    const job = await judged({ engine: attachTo(judge), config: { orders: "both" }, rows: 160 });
    await use(job, `calibration: c.json\nmass: ${JSON.stringify(MASS_LOW)}\nprior: [0.5, 0.3, 0.2]`);
    await inProcess(["run", "job.yaml"], job.folder);
    const { parameters } = JSON.parse(readFileSync(join(job.folder, "c.json"), "utf8"));
    const kinds = { none: 0, one: 0 };
    for (const { probabilities, reason, ab, ba } of readLines(job.rowsFile)) {
      const masses = [ab?.mass ?? 0, ba?.mass ?? 0];
      const low = masses.filter((mass) => mass < MASS_LOW.minimum).length;
      expect(reason === null).toBe(low === 0);
      if (low === 2) {
        kinds.none += 1;
        expect(probabilities).toEqual([0.5, 0.3, 0.2]);
      } else if (low === 1 && (ab?.mass ?? 0) >= MASS_LOW.minimum) {
        kinds.one += 1;
        const expected = softmax(corrected(parameters, ab?.logProbs ?? [], 0));
        for (const [k, value] of probabilities.entries()) expect(value).toBeCloseTo(expected[k] ?? Number.NaN, 9);
      }
    }
    expect(Math.min(kinds.none, kinds.one)).toBeGreaterThan(0);
  });

  test("refuses a calibration of another template before anything is sent, and a missing one", async () => {
    await using judge = await startJudge();
    const job = await judged({ engine: attachTo(judge), rows: 60 });
    await use(job, "calibration: c.json");
    const template = join(job.folder, "template.jinja");
    await writeFile(template, readFileSync(template, "utf8").replace("A: ", "First: "));
    const sent = judge.stats.requests;
    const other = await inProcess(["run", "job.yaml", "--run", "run2"], job.folder);
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/c\.json does not fit this run: .*abtie calibrate[\s\S]*the template differs/);
    expect(judge.stats.requests).toBe(sent);
    await use(job, "calibration: missing.json");
    const missing = await inProcess(["run", "job.yaml", "--run", "run3"], job.folder);
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining("cannot read the calibration") });
  });
});

/** A job that was run once and calibrated into c.json. */
async function judged(options: Parameters<typeof writeJob>[0]): Promise<Job> {
  const job = await writeJob(options);
  await writeLabels(job.folder);
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const made = await inProcess(["calibrate", "run", "--labels", "labels.csv", "-o", "c.json"], job.folder);
  expect(made.status, made.stderr).toBe(0);
  return job;
}

async function use({ folder }: Job, line: string): Promise<void> {
  const file = join(folder, "job.yaml");
  const kept = readFileSync(file, "utf8").replace(/^calibration:.*\n/m, "");
  await writeFile(file, `${kept}${line}\n`);
}

async function evaluation({ folder }: Job): Promise<SubjectEvaluation> {
  return JSON.parse((await inProcess(["evaluate", "run", "--labels", "labels.csv", "--json"], folder)).stdout);
}

interface Numbers {
  readonly scale: number;
  readonly bias: readonly [number, number, number];
  readonly first: number;
}

/** Calibrated log probabilities of [a, b, tie] from those in file terms; `first` is the place of the answer shown first. */
function corrected(
  { scale, bias, first }: Numbers,
  logProbs: readonly (number | null)[],
  shownFirst: number,
): number[] {
  const known = logProbs.map((value) => value ?? Number.NaN);
  const relative = logSoftmax(known);
  return logSoftmax(relative.map((value, k) => scale * value + (bias[k] ?? 0) + (k === shownFirst ? first : 0)));
}

function swapped(logProbs: readonly (number | null)[]): number[] {
  const [a, b, tie] = logProbs.map((value) => value ?? Number.NaN);
  return [b ?? 0, a ?? 0, tie ?? 0];
}

function logSoftmax(values: readonly number[]): number[] {
  const sum = Math.log(values.reduce((total, value) => total + Math.exp(value), 0));
  return values.map((value) => value - sum);
}

function softmax(values: readonly number[]): number[] {
  return logSoftmax(values).map(Math.exp);
}
