import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openConfig } from "../../src/job/open-config.ts";
import { openRows } from "../../src/job/open-rows.ts";
import { pinDate } from "../../src/job/pin-date.ts";
import type { RunSummary } from "../../src/job/summary.ts";
import { createClassifierLoader } from "../../src/judge/classifier/load.ts";
import { abtie, demoConfig, serversAlive, testEffects } from "./engine.ts";

/** Gemma 2 with random weights and a random head: its attention scores are capped, which a wrong attention would leave out. */
const ARCHITECTURE = "gemma2";
const ROWS = 24;
/** Shorter than many rows, so that prompts fill the whole context. */
const CONTEXT = 192;

let folder: string;
let model: string;
let python: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-e2e-"));
  model = join(folder, "model");
  const setup = await abtie(["setup"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
  const { engine } = await demoConfig();
  if (engine.kind !== "spawn") throw new Error("the demo spawns its server");
  python = engine.command;
  const body = join(folder, "body");
  await execa(python, ["test/e2e/tiny_model.py", ARCHITECTURE, engine.model, body]);
  await execa(python, ["test/e2e/classifier_model.py", body, model, "--classes", "tie,A,B", "--pad", "0"]);
});
afterAll(async () => {
  expect(await serversAlive()).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

test("a classifier that abtie starts gives the probabilities of a plain forward pass within 1e-5", async () => {
  const path = join(folder, "job.yaml");
  const input = (await demoConfig()).input;
  const job = {
    input,
    template: "classifier",
    run: join(folder, "run"),
    limit: ROWS,
    orders: "one",
    engine: { kind: "classify", model, extra_args: ["--max-model-len", String(CONTEXT)], max_model_len: CONTEXT },
  };
  await writeFile(path, JSON.stringify(job));
  const result = await abtie(["run", path, "--json"]);
  expect(result.exitCode, result.stderr).toBe(0);
  const summary = JSON.parse(result.stdout) as RunSummary;
  expect(summary).toMatchObject({ end: "done", labelMass: null, rows: { "one-order": ROWS } });
  expect(summary.marks.shortened).toBeGreaterThan(0);
  const lines = (await readFile(summary.files.rows, "utf8")).trimEnd().split("\n");
  const found = lines.map((line) => (JSON.parse(line).ab.logProbs as readonly number[]).map(Math.exp));

  const prompts = await promptsOf(path);
  expect(Math.max(...prompts.map(({ length }) => length))).toBeLessThanOrEqual(CONTEXT);
  const { stdout } = await execa(python, ["test/e2e/forward_classes.py", model], {
    input: JSON.stringify({ prompts }),
  });
  // The classes are tie, A, B; a reading is A, B, tie.
  const expected = (JSON.parse(stdout) as readonly [number, number, number][]).map(([tie, a, b]) => [a, b, tie]);
  const differences = expected.flatMap((row, at) =>
    row.map((value, k) => Math.abs(value - (found[at]?.[k] ?? Number.NaN))),
  );
  expect(differences).toHaveLength(3 * ROWS);
  console.info(`largest difference of a probability: ${Math.max(...differences).toExponential(1)}`);
  expect(Math.max(...differences)).toBeLessThan(1e-5);
});

async function promptsOf(path: string): Promise<readonly (readonly number[])[]> {
  const effects = testEffects();
  const config = await pinDate(await openConfig(path, [], effects), [], effects);
  await using dataset = await openRows(config, effects.signal);
  const judge = await (await createClassifierLoader(config, dataset, effects.clock)).open(CONTEXT);
  const tasks = await Promise.all(dataset.ids.slice(0, ROWS).map((_, row) => judge.prepare(row, "ab", null)));
  return tasks.map(({ ids }) => ids);
}
