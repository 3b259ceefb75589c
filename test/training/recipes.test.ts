import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readShape } from "../../src/engine/memory.ts";
import { loadTemplate } from "../../src/prompt/template/template.ts";
import { loadRecipe, type RecipeOverride } from "../../src/training/load-recipe.ts";
import { estimateTraining } from "../../src/training/memory.ts";
import { countTrained } from "../../src/training/parameters.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { TOKENIZER } from "../helpers/job.ts";

/** The shape of Gemma-2-9B, as systems.md of its authors and its config.json give it. */
const GEMMA_2_9B = {
  architectures: ["Gemma2ForCausalLM"],
  model_type: "gemma2",
  hidden_size: 3584,
  num_hidden_layers: 42,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 256,
  intermediate_size: 14_336,
  vocab_size: 256_000,
};
const GEMMA_2_2B = {
  ...GEMMA_2_9B,
  hidden_size: 2304,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  intermediate_size: 9216,
};
const shapeOf = (config: object) => readShape(JSON.stringify(config), "config.json");

const SHIPPED = readdirSync("launch/recipes").flatMap((name) => /^((?:s[1-4]|cpu).*)\.yaml$/.exec(name)?.[1] ?? []);

function given(cwd: string): readonly RecipeOverride[] {
  return [
    { from: "--base", path: ["base"], value: TOKENIZER },
    { from: "-i", path: ["data", "input"], value: join(cwd, "rows.csv") },
  ];
}

async function load(name: string, text?: string) {
  const cwd = await temporaryFolder(text === undefined ? {} : { [name]: text });
  return loadRecipe(name, given(cwd), { cwd, env: { HOME: cwd } });
}

describe("the shipped recipes", () => {
  test("are the four published systems, each with a better one, and one for a CPU", () => {
    const systems = ["s1-gemma2-9b", "s2-gemma2-9b-78k", "s3-gemma2-2b-sft", "s4-34b-awq"];
    expect(SHIPPED.toSorted()).toEqual(
      ["cpu-smollm2", ...systems.flatMap((name) => [name, `${name}-better`])].toSorted(),
    );
  });

  test.each(SHIPPED)("can be loaded by their name: %s", async (name) => {
    const recipe = await load(name);
    expect(recipe.name).toBe(name);
    expect(recipe.base).toBe(TOKENIZER);
    expect(await loadTemplate(recipe.job.template)).toMatchObject({
      format: recipe.head === "classifier" ? "text" : expect.stringMatching(/raw|chat/),
    });
    if (name.endsWith("-better")) {
      expect(recipe.data).toMatchObject({ orders: "both", folds: { by: "prompt" } });
      expect(recipe.job.cut).toBe("fair");
      expect(recipe.calibrate).toBe(recipe.head !== "answer");
    }
  });

  test("train as many parameters as their authors' logs say", async () => {
    const nine = shapeOf(GEMMA_2_9B);
    const s1 = await load("s1-gemma2-9b");
    expect(countTrained(nine, { ...s1, classes: 3 }).trained).toBe(7_891_456);
    const s2 = await load("s2-gemma2-9b-78k");
    expect(countTrained(nine, { ...s2, classes: 3 })).toEqual({ trained: 119_745_024, all: 9_361_461_760 });
    const s3 = await load("s3-gemma2-2b-sft");
    expect(countTrained(shapeOf(GEMMA_2_2B), { ...s3, classes: 3 })).toEqual({
      trained: 5_191_680,
      all: 2_619_533_568,
    });
    // As PEFT prints them for SmolLM2-135M with the recipe cpu-smollm2.
    const smol = { hidden_size: 576, num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3 };
    const sizes = { intermediate_size: 1536, vocab_size: 49_152, model_type: "llama", tie_word_embeddings: true };
    const cpu = await load("cpu-smollm2");
    const counted = countTrained(shapeOf(Object.assign(smol, sizes)), { ...cpu, classes: 3 });
    expect(counted).toEqual({ trained: 4_884_480, all: 139_399_488 });
    expect(() => countTrained(shapeOf(GEMMA_2_2B), { ...s1, classes: 3 })).toThrow("the base has 26 layers, 0 to 25");
  });

  test("s1 needs about the memory that was measured: 9.8 GiB for 4 prompts of 1,024 tokens", async () => {
    const s1 = await load("s1-gemma2-9b");
    const training = { ...s1.training, batch: 4 };
    const { total } = estimateTraining(shapeOf(GEMMA_2_9B), { ...s1, training }, { tokens: 1024, classes: 3 });
    expect(total / 1024 ** 3).toBeGreaterThan(0.85 * 9.8);
    expect(total / 1024 ** 3).toBeLessThan(1.15 * 9.8);
  });

  test("s1 and s2 render a row as the published text: the turns of each side joined by spaces", async () => {
    const { render } = await loadTemplate("prompts/joined.jinja");
    const turns = [
      { number: 1, prompt: "one?", response_a: "A1", response_b: "B1" },
      { number: 2, prompt: "two?", response_a: "", response_b: "B2" },
    ];
    const text = render({ prompt: "", response_a: "", response_b: "", turns, labels: {} });
    expect(text).toBe("<prompt>: one? two?\n\n<response_a>: A1 \n\n<response_b>: B1 B2");
  });

  test("s1 has the published settings", async () => {
    const { training, lora, load: loading, job, data } = await load("s1-gemma2-9b");
    expect(training).toMatchObject({
      epochs: 1,
      batch: 2,
      accumulation: 2,
      learning_rate: 2e-4,
      warmup: 20,
      optimizer: "adamw_8bit",
      precision: "fp16",
      schedule: "linear",
      eval_batch: 8,
      save_every: 200,
    });
    expect(lora).toEqual({
      r: 16,
      alpha: 32,
      dropout: 0.05,
      targets: ["q_proj", "k_proj", "v_proj"],
      layers: "16-41",
      bias: "none",
    });
    expect(loading).toMatchObject({ bits: 4, attention: "eager" });
    expect(job).toMatchObject({ context: 1024, cut: "right", appendEos: true });
    expect(data).toMatchObject({ orders: "one", folds: { by: "position", count: 5 }, heldOut: 0 });
  });
});

describe("a recipe", () => {
  test("with mistakes is refused with all of them, each with file, line and key", async () => {
    const text = [
      "base: ./model",
      "head: clasifier",
      "data:",
      "  input: rows.csv",
      "  contxt: 512",
      "  folds: {count: 5, held_out: 7}",
      "lora: {r: 16, alhpa: 32}",
      "training:",
      "  learning_rate: 2",
    ].join("\n");
    const problem = await load("mine.yaml", text).catch((error: unknown) => error);
    expect(problem).toMatchObject({
      code: "config",
      message: "4 problems in the config",
      details: [
        expect.stringMatching(
          /^mine\.yaml:2:1 {2}head expected "classifier" or "label" or "answer", found "clasifier"$/,
        ),
        expect.stringMatching(/^mine\.yaml:5:3 {2}data\.contxt is not a known key: did you mean "context"\?$/),
        expect.stringMatching(/^mine\.yaml:7:15 {2}lora\.alhpa is not a known key: did you mean "alpha"\?$/),
        expect.stringMatching(/^mine\.yaml:9:3 {2}training\.learning_rate expected less than 1, found 2$/),
      ],
    });
    await expect(
      load("mine.yaml", "base: ./m\nhead: label\ndata: {input: a.csv, folds: {count: 5, held_out: 7}}"),
    ).rejects.toThrow("data.folds.held_out is 7, and the folds are 0 to 4");
    await expect(
      load("mine.yaml", "base: ./m\nhead: label\ndata: {input: a.csv, engine: cpu-smollm2}"),
    ).rejects.toThrow("data.engine is made of `base` and `head`: delete it");
  });

  test.each([
    ["a token of a model hub", "hf_AbCdEfGhIjKlMnOpQrStUv"],
    ["a key", "sk-proj-AbCdEfGhIjKlMnOpQr"],
    ["an address with a password", "https://user:hunter22@example.org/model"],
  ])("with %s is refused without showing it", async (_, secret) => {
    const text = `base: ./model\nhead: label\ndata: {input: rows.csv}\nprove: {engine: {extra_args: ["${secret}"]}}\n`;
    const problem = await load("mine.yaml", text).catch((error: Error & { details: readonly string[] }) => error);
    const shown = JSON.stringify([(problem as Error).message, (problem as { details: unknown }).details]);
    expect(shown).toContain("prove.engine.extra_args[0] looks like a token or a password");
    expect(shown).not.toContain(secret);
  });

  test("with an unknown key for a token is refused too", async () => {
    await expect(
      load("mine.yaml", "base: ./m\nhead: label\nhf_token: secret-of-mine\ndata: {input: a.csv}"),
    ).rejects.toThrow("hf_token is not a known key");
  });

  test("names its source for what a flag has set", async () => {
    const cwd = await temporaryFolder({ "mine.yaml": readFileSync("launch/recipes/s1-gemma2-9b.yaml", "utf8") });
    const set = [...given(cwd), { from: "--set", path: ["training", "batch"], value: 0 }];
    await expect(loadRecipe("mine.yaml", set, { cwd, env: {} })).rejects.toThrow(
      "--set  training.batch expected at least 1, found 0",
    );
  });
});
