import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { EVIDENCE, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

const TEXT = `---
description: The turns of a row.
format: text
null_turn: none
---
{{ prompt }}
A: {{ response_a }}
B: {{ response_b }}
`;
const CLASSES = ["B", "A", "tie"];
/** No token of the tokenizer stands at the end of a row's text. */
const PAD = 1;

/** A model folder: the tokenizer of the fixtures, and the config of a classifier. */
async function modelFolder(classes: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const folder = await temporaryFolder({});
  await cp(TOKENIZER, folder, { recursive: true });
  const id2label = Object.fromEntries(classes.map((name, id) => [id, name]));
  const json = { architectures: ["LlamaForSequenceClassification"], id2label, pad_token_id: PAD, ...more };
  await writeFile(join(folder, "config.json"), JSON.stringify(json));
  return folder;
}

function startClassifier(knobs: FakeKnobs = {}) {
  return startFake({ classes: CLASSES, modelDir: TOKENIZER, ...knobs });
}

/** A job of rows whose better answer is marked; the class for A is 1 and the one for B is 0. */
async function classifierJob(
  options: Omit<Parameters<typeof writeJob>[0], "engine"> & { readonly engine: Readonly<Record<string, unknown>> },
): ReturnType<typeof writeJob> {
  const job = await writeJob({ ...options, engine: { kind: "classify", ...options.engine } });
  await writeFile(join(job.folder, "template.jinja"), TEXT);
  return job;
}

describe("a run with a classifier", () => {
  test("scores every row by /classify, each class as the label that its name means, without a label mass", async () => {
    // The fake takes the first class for the likely one when the mark stands in answer A: here the class "B".
    await using server = await startClassifier({ evidence: EVIDENCE });
    const model = await modelFolder(CLASSES);
    const job = await classifierJob({
      engine: { attach: server.url, tokenizer: model },
      rows: 24,
      better: (row) => (row % 2 === 0 ? "a" : "b"),
      config: { orders: "both" },
    });
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr + run.stdout).not.toMatch(/label mass/i);
    expectValid(job.submission, job.ids);
    expect(server.stats.lastRequest).not.toHaveProperty("max_tokens");
    const lines = readLines(job.rowsFile);
    expect(lines.every(({ ab, ba }) => ab?.mass === null && ba?.mass === null)).toBe(true);
    expect(summaryIn(job.folder)).toMatchObject({
      end: "done",
      labelMass: null,
      engine: { method: "classify" },
      rows: { "both-orders": 24 },
    });
    const median = (values: readonly number[]) => values.toSorted((x, y) => x - y)[values.length / 2] ?? Number.NaN;
    const lead = (parity: number) =>
      median(lines.filter((_, row) => row % 2 === parity).map(({ probabilities: [a, b] }) => b - a));
    expect(lead(0)).toBeGreaterThan(0.2);
    expect(lead(1)).toBeLessThan(-0.2);
  });

  test("starts the server of a model folder, and continues a run without asking again", async () => {
    const model = await modelFolder(CLASSES);
    const engine = spawning({ classes: CLASSES });
    const job = await classifierJob({ engine: { ...engine, model }, rows: 8 });
    const first = await inProcess(["run", "job.yaml"], job.folder);
    expect(first.status, first.stderr).toBe(0);
    const before = readLines(job.rowsFile);
    const again = await inProcess(["run", "job.yaml"], job.folder);
    expect(again.status, again.stderr).toBe(0);
    expect(readLines(job.rowsFile)).toEqual(before);
    const other = await inProcess(
      ["run", "job.yaml", ...["a=0", "b=1", "tie=2"].flatMap((pair) => ["--set", `engine.classes.${pair}`])],
      job.folder,
    );
    expect(other.status).toBe(2);
    expect(other.stderr).toContain("engine.classes.a was not set, is now 0");
  });

  test.each(["fair", "right"])(
    "loses no row to its length with the cut %s, and fills the whole context",
    async (cut) => {
      await using server = await startClassifier({ maxModelLen: 128 });
      const job = await classifierJob({
        engine: { attach: server.url, tokenizer: await modelFolder(CLASSES) },
        rows: 16,
        words: (row) => (row % 4 === 0 ? 400 : 6),
        config: { cut },
      });
      const run = await inProcess(["run", "job.yaml"], job.folder);
      expect(run.status, run.stderr).toBe(0);
      const lines = readLines(job.rowsFile);
      expect(lines.map(({ obtained }) => obtained)).toEqual(Array(16).fill("one-order"));
      expect(lines.filter(({ ab }) => (ab?.cutTokens ?? 0) > 0)).toHaveLength(4);
      const shown = await inProcess(["show", "job.yaml", "--row", "1", "--context", "128", "--json"], job.folder);
      const { tokens } = JSON.parse(shown.stdout) as { tokens: { prompt: number; budget: number } };
      expect(tokens.budget).toBe(128);
      if (cut === "right") expect(tokens.prompt).toBe(128);
      for (const row of ["1", "5", "9", "13"]) {
        const { stdout } = await inProcess(["show", "job.yaml", "--row", row, "--context", "128"], job.folder);
        // The fair packing keeps both answers in sight; the right cut loses the second one wholly, as trainers do.
        expect(stdout).toMatch(/^A: \w+ \w+/m);
        if (cut === "fair") expect(stdout).toMatch(/^B: \w+ \w+/m);
        else expect(stdout).not.toMatch(/^B: /m);
      }
    },
  );

  test("stops before anything is written when the server's classes are not those of the model folder", async () => {
    await using server = await startClassifier();
    const model = await modelFolder(["A", "B", "tie"]);
    const job = await classifierJob({ engine: { attach: server.url, tokenizer: model }, rows: 8 });
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status).toBe(4);
    expect(run.stderr).toContain("where the model's config.json calls it");
  });

  test("loses no row when one of two servers dies midway, and gets the numbers of a single one", async () => {
    const model = await modelFolder(CLASSES);
    await using first = await startClassifier({ constantMs: 5 });
    await using second = await startClassifier({ constantMs: 5, dieAfterRequests: 5 });
    const config = { concurrency: 2, prompts_per_request: 2 };
    const both = await classifierJob({
      engine: { attach: [first.url, second.url], tokenizer: model },
      rows: 48,
      config,
    });
    const run = await inProcess(["run", "job.yaml"], both.folder);
    expect(run.status, run.stderr).toBe(0);
    const alone = await classifierJob({ engine: { attach: first.url, tokenizer: model }, rows: 48, config });
    expect((await inProcess(["run", "job.yaml"], alone.folder)).status).toBe(0);
    const probabilities = (file: string) => readLines(file).map((line) => line.probabilities);
    expect(probabilities(both.rowsFile)).toEqual(probabilities(alone.rowsFile));
    expect(second.stats.requests).toBe(5);
  });

  test("names the remedy when the server generates text, and when a server classifies but the config does not say so", async () => {
    const model = await modelFolder(CLASSES);
    await using writer = await startJudge();
    const wrong = await classifierJob({ engine: { attach: writer.url, tokenizer: model }, rows: 8 });
    const asked = await inProcess(["run", "job.yaml"], wrong.folder);
    expect(asked.status).toBe(4);
    expect(asked.stderr).toContain("--runner pooling");

    await using classifier = await startClassifier();
    const plain = await writeJob({ engine: { attach: classifier.url, tokenizer: TOKENIZER }, rows: 8 });
    const run = await inProcess(["run", "job.yaml"], plain.folder);
    expect(run.status).toBe(4);
    expect(run.stderr).toContain("`engine.kind: classify`");
    const spawned = await writeJob({ engine: { ...spawning({}), model }, rows: 8 });
    const early = await inProcess(["show", "job.yaml"], spawned.folder);
    expect(early.status).toBe(2);
    expect(early.stderr).toContain("kind: classify");
  });
});

test("a classifier of two classes judges without a tie when the labels have none", async () => {
  await using server = await startClassifier({ classes: ["B", "A"] });
  const engine = { attach: server.url, tokenizer: await modelFolder(["B", "A"]) };
  const job = await classifierJob({ engine, rows: 8 });
  const refused = await inProcess(["run", "job.yaml"], job.folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("for a model that knows no tie, write `labels: {a: A, b: B}`");
  const run = await inProcess(["run", "job.yaml", "--set", "labels.a=A", "--set", "labels.b=B"], job.folder);
  expect(run.status, run.stderr).toBe(0);
  expect(readLines(job.rowsFile).map(({ probabilities }) => probabilities.length)).toEqual(Array(8).fill(2));
});

test("bench measures a classifier, and plan says what of its model fits a GPU", async () => {
  await using server = await startClassifier({ constantMs: 1 });
  const shape = {
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 128,
    vocab_size: 512,
    model_type: "llama",
  };
  const engine = { attach: server.url, tokenizer: await modelFolder(CLASSES, shape) };
  const job = await classifierJob({ engine, rows: 24 });
  const bench = await inProcess(["bench", "job.yaml", "--json"], job.folder);
  expect(bench.status, bench.stderr).toBe(0);
  expect(JSON.parse(bench.stdout)).toMatchObject({ engine: { method: "classify" } });
  expect(bench.stderr).not.toContain("label mass");
  const plan = await inProcess(["plan", "job.yaml", "--gpu-memory", "15"], job.folder);
  expect(plan.status, plan.stderr).toBe(0);
  expect(plan.stdout).toMatch(/memory 16 bits .*fits, with room for/);
});

test("doctor shows the classes, warns of names without a meaning and of capped attention, and reports no label mass", async () => {
  const names = ["LABEL_0", "LABEL_1", "LABEL_2"];
  await using server = await startClassifier({ classes: names });
  const model = await modelFolder(names, { attn_logit_softcapping: 50 });
  const job = await classifierJob({ engine: { attach: server.url, tokenizer: model }, rows: 8 });
  const { status, stdout, stderr } = await inProcess(["doctor", "job.yaml"], job.folder);
  const said = stdout + stderr;
  expect(status, said).toBe(0);
  expect(said).toContain('a = class 0 "LABEL_0"');
  expect(said).toContain("they are taken as A, B and tie");
  expect(said).toContain("attn_implementation");
  expect(said).toContain("label probabilities by classify");
  expect(said).not.toContain("label mass");
  expect(said).not.toContain("chat template");
});

test("refuses a right cut where the end of the prompt matters, and a text template for a model that writes", async () => {
  const model = await modelFolder(CLASSES);
  const job = await writeJob({ engine: { kind: "classify", model }, rows: 8, config: { cut: "right" } });
  const raw = await inProcess(["show", "job.yaml"], job.folder);
  expect(raw.status).toBe(2);
  expect(raw.stderr).toContain("`cut: right` cuts off the end of the prompt");
  const generative = await writeJob({ engine: spawning({}), rows: 8 });
  const cutting = await inProcess(["show", "job.yaml", "--set", "cut=right"], generative.folder);
  expect(cutting.stderr).toContain("`cut: right` cuts off the end of the prompt");
  await writeFile(join(generative.folder, "template.jinja"), TEXT);
  const text = await inProcess(["show", "job.yaml"], generative.folder);
  expect(text.status).toBe(2);
  expect(text.stderr).toContain('"format: text", which is for classifiers');
});
