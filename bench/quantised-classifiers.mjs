/*
 * Finds out in which of vLLM's 8- and 4-bit forms a classifier is served, and how far its probabilities move.
 *
 * Run as: npm run build && node bench/quantised-classifiers.mjs --python VENV/bin/python --tokenizer FOLDER [--kinds int8,gptq-8,gptq-4,awq]
 *           [--flags fp8] [--dtype bfloat16] [--input examples/rows.csv] [--rows 60] [--together] [--folder /tmp/abtie-quantised]
 *
 * A Llama-type classifier with random weights and 1,024 hidden values is made with the tokenizer of --tokenizer. --kinds are those of
 * bench/lib/quantise_classifier.py, written as folders of their own; --flags are values of vLLM's --quantization, which rounds the 16-bit
 * folder while it loads. vLLM serves each, one after another or, with --together, all at once; abtie runs the rows. Prints a line for each
 * as it comes: not served with the end of the log, or the largest and the mean difference from 16 bits, of a probability.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { output } from "./lib/processes.mjs";
import { ENGINE, startVllm } from "./lib/vllm.mjs";
import { runAbtie } from "./real/abtie.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    tokenizer: { type: "string" },
    kinds: { type: "string", default: "int8,gptq-8,gptq-4,awq" },
    flags: { type: "string", default: "" },
    dtype: { type: "string", default: "bfloat16" },
    input: { type: "string", default: here("../examples/rows.csv") },
    rows: { type: "string", default: "60" },
    together: { type: "boolean", default: false },
    vllm: { type: "string", default: "[]" },
    folder: { type: "string", default: "/tmp/abtie-quantised" },
  },
});
const { python, tokenizer, folder } = values;
if (tokenizer === undefined) throw new Error("--tokenizer is needed");
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const whole = join(folder, "whole");
await runPython("../test/e2e/tiny_model.py", "llama", resolve(tokenizer), join(folder, "body"), "--wide");
await runPython("../test/e2e/classifier_model.py", join(folder, "body"), whole, "--pad", "0");
const names = (text) => text.split(",").filter((name) => name !== "");
const forms = [
  { name: "16 bits", model: () => whole, args: [] },
  ...names(values.kinds).map((kind) => ({ name: kind, model: () => quantised(kind), args: [] })),
  ...names(values.flags).map((flag) => ({
    name: `--quantization ${flag}`,
    model: () => whole,
    args: ["--quantization", flag],
  })),
];
let exact = null;
const waiting = [];
if (values.together) for (const found of await Promise.all(forms.map(probabilities))) report(found);
else for (const form of forms) report(await probabilities(form));

/** Says how far a form is from 16 bits, which is the first to be found or comes later. */
function report({ name, rows, failure }) {
  if (rows === null) return console.log(`${name}: not served: ${failure}`);
  if (name === "16 bits") exact = rows;
  waiting.push({ name, rows });
  if (exact === null) return;
  for (const one of waiting.splice(0)) {
    const differences = one.rows.flatMap((own, row) => own.map((value, at) => Math.abs(value - exact[row][at])));
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    console.log(
      `${one.name}: served; ${one.rows.length} rows; largest difference of a probability from 16 bits ${Math.max(...differences).toFixed(4)}, mean ${mean.toFixed(4)}`,
    );
  }
}

async function probabilities({ name, model, args }) {
  const own = join(folder, name.replaceAll(/[^\w]+/g, "-"));
  await mkdir(own, { recursive: true });
  try {
    const served = await model();
    const server = await startVllm({
      ...{ python, model: served, dtype: values.dtype, folder: own, maxModelLen: "1024" },
      args: ["--runner", "pooling", ...args, ...JSON.parse(values.vllm)],
    });
    try {
      const config = {
        ...{
          input: resolve(values.input),
          template: "classifier",
          run: "run",
          orders: "one",
          limit: Number(values.rows),
        },
        engine: { kind: "classify", attach: server.url, model: ENGINE.name, tokenizer: served },
      };
      await writeFile(join(own, "job.yaml"), JSON.stringify(config));
      await runAbtie({ folder: own }, server.url);
    } finally {
      await server[Symbol.asyncDispose]();
    }
    const lines = (await readFile(join(own, "run/rows.jsonl"), "utf8")).trim().split("\n");
    return { name, rows: lines.map((line) => JSON.parse(line).probabilities), failure: "" };
  } catch (error) {
    const log = await readFile(join(own, "server.log"), "utf8").catch(() => "");
    // The first error is the cause; later ones say that a process has ended.
    const cause = log
      .split("\n")
      .find((line) => /\w+Error: (?!\d+ validation)|Value error,/.test(line) && !line.includes("ulimit"));
    return { name, rows: null, failure: [error.message, cause ?? ""].map((text) => text.slice(0, 400)).join(" | ") };
  }
}

async function quantised(kind) {
  const model = join(folder, `model-${kind}`);
  await runPython("lib/quantise_classifier.py", whole, model, kind);
  return model;
}

function runPython(script, ...args) {
  const child = spawn(python, [here(script), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  return output(child, script);
}
