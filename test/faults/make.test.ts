import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { SERVE_ARGUMENTS } from "../fixtures/engine/fake-vllm.mjs";
import { abtie, type Running, startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { FAKE, LABELS, TEMPLATE, TOKENIZER } from "../helpers/job.ts";

const PYTHON = resolve("test/fixtures/training/python");

/** A recipe with rows and a base; its engine is the fake server. */
async function recipeFolder(more = ""): Promise<string> {
  const rows = Array.from({ length: 24 }, (_, row) => {
    const label = ["1,0,0", "0,1,0", "0,0,1"][row % 3];
    return `${row},prompt ${row % 12},answer ${row * 7},answer ${row * 3 + 1},${label}`;
  });
  const folder = await temporaryFolder({
    "rows.csv": ["id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie", ...rows].join("\n"),
    "template.jinja": TEMPLATE,
    "engine.yaml": JSON.stringify({
      kind: "spawn",
      command: process.execPath,
      args: [FAKE, ...SERVE_ARGUMENTS],
      env: { FAKE_VLLM: JSON.stringify({ labels: LABELS }) },
      stop_grace: "500ms",
      ready_limit: "30s",
    }),
    "recipe.yaml": `
base: ./base
head: label
data: {input: rows.csv, template: ./template.jinja, context: 200}
training: {learning_rate: 2.0e-4}
quantize: {method: awq, group: 64}
prove: {rows: 8, engine: ./engine.yaml, largest_loss: 0.5}
${more}`,
  });
  await cp(TOKENIZER, join(folder, "base"), { recursive: true });
  const config = { architectures: ["LlamaForCausalLM"], hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2 };
  const sizes = { intermediate_size: 128, vocab_size: 49_152, model_type: "llama", tie_word_embeddings: true };
  await writeFile(join(folder, "base/config.json"), JSON.stringify(Object.assign(config, sizes)));
  return folder;
}

const TRAIN = ["train", "recipe.yaml", "--run", "made", "--python", PYTHON];
const MAKE = ["make", "recipe.yaml", "-o", "made", "--python", PYTHON, "--quantize-python", PYTHON];
const stepsOf = (folder: string, name = "made/train"): readonly number[] =>
  readFileSync(join(folder, name, "steps.txt"), "utf8")
    .trim()
    .split("\n")
    .map(Number);
const stageOf = async (folder: string, name: string) =>
  JSON.parse(await readFile(join(folder, "made", name, "stage.json"), "utf8"));
const journalOf = async (folder: string): Promise<readonly { event: string; stage: string }[]> =>
  (await readFile(join(folder, "made/journal.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("abtie train", () => {
  test("prepares, trains and is done; the same command does nothing again", async () => {
    const folder = await recipeFolder();
    const said = await inProcess(TRAIN, folder);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).toMatch(/^prepare +data, 48 examples of 24 rows, 6 held out/m);
    expect(said.stdout).toMatch(/^train +train, step 8 of 8/m);
    expect(stepsOf(folder)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(JSON.parse(await readFile(join(folder, "made/train.json"), "utf8"))).toMatchObject({
      base: join(folder, "base"),
      head: "label",
      loss: "vocabulary",
      data: { folds: { held_out: 0 } },
      training: { learning_rate: 2e-4, batch: 4 },
    });
    expect(await readFile(join(folder, "made/report.html"), "utf8")).toContain(
      "log loss of the held-out rows is 0.900",
    );
    expect(await readFile(join(folder, "made/curve.svg"), "utf8")).toContain("<svg");
    const again = await inProcess(TRAIN, folder);
    expect(again.stdout).toMatch(/^train .*\(done before\)$/m);
    expect(stepsOf(folder)).toHaveLength(8);
  });

  test("names what has changed and does nothing, and with --force trains again and keeps what was there", async () => {
    const folder = await recipeFolder();
    await inProcess(TRAIN, folder);
    const changed = [...TRAIN, "--set", "training.learning_rate=1e-4"];
    const refused = await inProcess(changed, folder);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("training.learning_rate 0.0002 -> 0.0001");
    expect(refused.stderr).toContain("Give --force to make it again");
    const forced = await inProcess([...changed, "--force"], folder);
    expect(forced.status, forced.stderr).toBe(0);
    const kept = (await readdir(join(folder, "made"))).filter((name) => name.startsWith("train.until-"));
    expect(kept).toHaveLength(1);
    expect(stepsOf(folder, `made/${kept[0]}`)).toHaveLength(8);
    expect((await stageOf(folder, "train")).inputs["training.learning_rate"]).toBe("0.0001");
  });

  test("ends at a deadline with a model that can be used, and goes on later", async () => {
    const folder = await recipeFolder();
    const env = { FAKE_LAST_STEP: "5", PATH: process.env["PATH"] ?? "" };
    const said = await inProcess([...TRAIN, "--deadline", "10m"], folder, env);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).toContain("stopped by the deadline: run it again to go on");
    expect(existsSync(join(folder, "made/train/final/adapter_config.json"))).toBe(true);
    expect(stepsOf(folder)).toEqual([1, 2, 3, 4, 5]);
    const on = await inProcess(TRAIN, folder);
    expect(on.status, on.stderr).toBe(0);
    expect(stepsOf(folder)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await stageOf(folder, "train")).stopped).toBeNull();
  });

  test.each([
    [
      "a sentence of the program",
      { FAKE_FAIL: "step 3: the loss is no number at learning rate 0.5" },
      2,
      "the loss is no number at learning rate 0.5",
    ],
    [
      "a package that is missing",
      { FAKE_TRACEBACK: "ModuleNotFoundError: No module named 'peft'" },
      4,
      "lacks a package that training needs",
    ],
    [
      "too little memory of the GPU",
      { FAKE_TRACEBACK: "torch.OutOfMemoryError: CUDA out of memory." },
      4,
      "take a smaller training.batch",
    ],
    ["a full disk", { FAKE_TRACEBACK: "OSError: [Errno 28] No space left on device" }, 4, "the disk is full"],
  ])("ends with %s", async (_, env, status, text) => {
    const folder = await recipeFolder();
    const said = await inProcess(TRAIN, folder, { ...env, PATH: process.env["PATH"] ?? "" });
    expect(said).toMatchObject({ status, stderr: expect.stringContaining(text) });
    expect(existsSync(join(folder, "made/train"))).toBe(false);
    expect((await journalOf(folder)).at(-1)).toMatchObject({ event: "failed", stage: "train" });
  });

  test("--dry-run prints parameters and memory from the shape of the base alone", async () => {
    const folder = await recipeFolder();
    const said = await inProcess([...TRAIN, "--dry-run", "--json"], folder);
    const { parameters, memory, tokens } = JSON.parse(said.stdout);
    // r 16 on seven projections of two layers: 16 * 2 * (4 * 128 + 3 * 192).
    expect(parameters.trained).toBe(16 * 2 * (4 * 128 + 3 * 192));
    expect(memory.total).toBeGreaterThan(memory.base);
    expect(tokens).toBe(200);
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  test("a Ctrl-C saves a checkpoint, and the same command goes on from it", async () => {
    const folder = await recipeFolder();
    const env = { FAKE_STEP_S: "0.3", PATH: process.env["PATH"] ?? "" };
    const running = startAbtie(TRAIN, { cwd: folder, env });
    await until(
      running,
      () =>
        existsSync(join(folder, "made/.train.partial/steps.txt")) && stepsOf(folder, "made/.train.partial").length >= 3,
    );
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.status, ended.stderr).toBe(130);
    expect(ended.stderr).toContain("a checkpoint was saved: run the same command again to continue");
    const on = await inProcess(TRAIN, folder);
    expect(on.status, on.stderr).toBe(0);
    expect(stepsOf(folder)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("two at once: the second ends with status 3 and names the first", async () => {
    const folder = await recipeFolder();
    const first = startAbtie(TRAIN, { cwd: folder, env: { FAKE_STEP_S: "5", PATH: process.env["PATH"] ?? "" } });
    await until(first, () => existsSync(join(folder, "made/.train.partial/steps.txt")));
    const second = await inProcess(MAKE, folder);
    expect(second).toMatchObject({ status: 3, stderr: expect.stringMatching(/is held by process \d+ \(abtie train/) });
    first.child.kill("SIGKILL");
    await first.ended;
  });
});

describe("abtie make", () => {
  test("makes a judge from rows to a proof, and a page about it; a lost proof is status 6", async () => {
    const folder = await recipeFolder();
    const said = await abtie([...MAKE, "--json"], { cwd: folder });
    expect(said.status, said.stderr).toBe(0);
    const { stages, proof } = JSON.parse(said.stdout);
    expect(stages.map(({ name }: { name: string }) => name)).toEqual([
      "prepare",
      "train",
      "merge",
      "quantize",
      "prove",
    ]);
    // The fake answers alike for all of them, since the prompts are alike.
    expect(proof).toMatchObject([
      { before: "base", after: "merged", rows: 6, lost: 0, flips: 0, largestChange: 0 },
      { before: "merged", after: "quantized", rows: 6, lost: 0, flips: 0, largestChange: 0 },
    ]);
    // The fake training gives each class a third; the fake server something else.
    expect(stages.at(-1).facts.served).toMatchObject({ rows: 6 });
    expect(stages.at(-1).facts.served.largest).toBeGreaterThan(0);
    expect(await readdir(join(folder, "made"))).toEqual(
      expect.arrayContaining(["data", "train", "merged", "quantized", "proof", "report.html", "journal.jsonl"]),
    );
    const page = await readFile(join(folder, "made/report.html"), "utf8");
    expect(page).toContain("Merged against base on 6 rows");
    const before = (await journalOf(folder)).length;
    const again = await inProcess(MAKE, folder);
    expect(again.status, again.stderr).toBe(0);
    expect(await journalOf(folder)).toHaveLength(before);
  });

  test("makes a classifier over a base that has no head, proves it against the base, and calibrates it", async () => {
    const folder = await recipeFolder();
    const engine = JSON.parse(await readFile(join(folder, "engine.yaml"), "utf8"));
    const classes = { FAKE_VLLM: JSON.stringify({ classes: ["A", "B", "tie"] }) };
    await writeFile(
      join(folder, "classify.yaml"),
      JSON.stringify(Object.assign(engine, { kind: "classify", env: classes })),
    );
    const rows = Array.from(
      { length: 200 },
      (_, row) => `${row},prompt ${row % 60},answer ${row * 7},answer ${row},${row % 3 === 0 ? "A" : "tie"}`,
    );
    await writeFile(join(folder, "rows.csv"), ["id,prompt,response_a,response_b,winner", ...rows].join("\n"));
    await writeFile(
      join(folder, "classifier.yaml"),
      `base: ./base
head: classifier
data: {input: rows.csv, context: 200, orders: one}
prove: {rows: 30, engine: ./classify.yaml, base_engine: ./engine.yaml, base_template: ./template.jinja, largest_loss: 9}
calibrate: true
`,
    );
    const said = await abtie(["make", "classifier.yaml", "-o", "made", "--python", PYTHON, "--json"], { cwd: folder });
    expect(said.status, said.stderr).toBe(0);
    const { stages, proof } = JSON.parse(said.stdout);
    expect(proof).toMatchObject([{ before: "base", after: "merged", rows: 30, verdict: "pass" }]);
    expect(proof[0].interval.low).toBeLessThan(proof[0].lost);
    expect(stages.at(-1).facts.calibration).toMatchObject({ file: expect.anything() });
    const merged = JSON.parse(await readFile(join(folder, "made/merged/model/config.json"), "utf8"));
    expect(merged.id2label).toEqual({ 0: "A", 1: "B", 2: "tie" });
  });

  test("killed at any moment, goes on: every stage is made once more or continued, and nothing half-made is used", async () => {
    const folder = await recipeFolder();
    const env = { FAKE_STEP_S: "0.15", PATH: process.env["PATH"] ?? "" };
    // Each session is killed a little later than the one before; none of these times means anything to the program.
    for (const ms of [700, 1000, 1300, 1600, 1900, 2200, 2500, 2800]) {
      const running = startAbtie([...MAKE, "--until", "quantize"], { cwd: folder, env });
      await Promise.race([running.ended, sleep(ms)]);
      running.child.kill("SIGKILL");
      await running.ended;
      for (const name of ["data", "train", "merged", "quantized"]) {
        if (existsSync(join(folder, "made", name)))
          expect(existsSync(join(folder, "made", name, "stage.json"))).toBe(true);
      }
    }
    const last = await abtie([...MAKE, "--until", "quantize"], { cwd: folder, env });
    expect(last.status, last.stderr).toBe(0);
    expect(new Set(stepsOf(folder))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    expect((await readdir(join(folder, "made"))).filter((name) => name.includes("partial"))).toEqual([]);
  }, 120_000);
});

test("a folder that a person has put in the place of a stage is not replaced", async () => {
  const folder = await recipeFolder();
  await mkdir(join(folder, "made/data"), { recursive: true });
  await writeFile(join(folder, "made/data/mine.txt"), "mine");
  const said = await inProcess(TRAIN, folder);
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("made/data exists already: move it away") });
  expect(await readFile(join(folder, "made/data/mine.txt"), "utf8")).toBe("mine");
});

/** Waits until the program has done something; fails when it has ended before. */
async function until({ ended, said }: Running, condition: () => boolean): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!condition()) {
    if (isOver) throw new Error(`it has ended: ${said()}`);
    await sleep(50);
  }
}
