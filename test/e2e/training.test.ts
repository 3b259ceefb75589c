import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseJson } from "../../src/files/json-lines.ts";
import { readTrainingEvent } from "../../src/training/progress.ts";
import { abtie } from "./engine.ts";

/** Rows of the recipe that are used: a fifth of them is held out, and the rest is seen once. */
const ROWS = 1000;
/** Log loss of a judge that knows the rule and that a tenth of the labels is wrong: -0.9 ln 0.9 - 0.1 ln 0.05. */
const BEST = 0.394;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-e2e-"));
  const setup = await abtie(["setup", "--train"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a short training of a real model learns a rule: it comes clearly below the log loss of the class shares", async () => {
  const made = join(folder, "made");
  const settings = [`data.limit=${ROWS}`, "training.epochs=1", "training.evaluate_every=1000"];
  const said = await abtie([
    ...["make", "cpu-smollm2", "-o", made, "--until", "train"],
    ...settings.flatMap((setting) => ["--set", setting]),
  ]);
  expect(said.exitCode, said.stderr.slice(-3000)).toBe(0);
  const lines = (await readFile(join(made, "train/curve.jsonl"), "utf8")).trim().split("\n");
  const scores = lines.flatMap((line) => {
    const event = readTrainingEvent(line);
    return event !== null && "held_out" in event ? [event.held_out] : [];
  });
  const last = scores.at(-1);
  expect(last).toMatchObject({ step: ROWS / 10, rows: ROWS / 5 });
  expect(last?.prior_log_loss).toBeGreaterThan(1.09);
  // Without learning it stays at 1.10 or above; 0.405 was measured here.
  expect(last?.log_loss).toBeLessThan(0.7);
  expect(last?.log_loss).toBeGreaterThan(BEST - 0.05);
  expect(last?.mass).toBeGreaterThan(0.95);
  const stage = parseJson(await readFile(join(made, "train/stage.json"), "utf8"));
  expect(stage).toMatchObject({ stopped: null });
});
