/*
 * Compares the class probabilities that `abtie run` gets from real vLLM on the CPU with plain forward passes of transformers on the
 * token ids that were sent, in float32.
 *
 * Run as: npm run build && node bench/classifier-parity.mjs --python VENV/bin/python --body FOLDER
 *           [--input examples/rows.csv] [--rows 100] [--only llama,gemma2] [--cuts fair,right] [--folder /tmp/abtie-classifiers]
 *
 * --body is the folder of a Llama-type language model, for example SmolLM2-135M-Instruct as `abtie setup` installs it. Two classifiers
 * are made: its body with a random head of three classes, and a tiny random Gemma 2 with its tokenizer. vLLM serves each, and abtie
 * runs the rows through a recording proxy, with the fair and with the right cut, in a context of 256 tokens, so that many rows are cut.
 * Prints a Markdown table. The exit status is 1 when a probability differs by more than 1e-5.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MAIN } from "./lib/job.mjs";
import { markdown, output } from "./lib/processes.mjs";
import { startRecordingProxy } from "./lib/recording-proxy.mjs";
import { ENGINE, startVllm } from "./lib/vllm.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: "string" },
    body: { type: "string" },
    input: { type: "string", default: here("../examples/rows.csv") },
    rows: { type: "string", default: "100" },
    only: { type: "string", default: "llama,gemma2" },
    cuts: { type: "string", default: "fair,right" },
    folder: { type: "string", default: "/tmp/abtie-classifiers" },
  },
});
const { python, body, folder } = values;
if (python === undefined || body === undefined) throw new Error("--python and --body are needed");

const LIMIT = 1e-5;
const CONTEXT = "256";

await mkdir(folder, { recursive: true });
const lines = [];
for (const name of values.only.split(",")) lines.push(...(await measureModel(name)));
markdown([
  ["model", "cut", "rows", "tokens", "rows cut", "mean of the largest probability", "largest difference"],
  ...lines.map(({ cells }) => cells),
]);
process.exitCode = lines.every(({ largest }) => largest <= LIMIT) ? 0 : 1;

/** Runs the rows with both cuts, and compares when the server has ended, so that both do not share the cores. */
async function measureModel(name) {
  const model = await writeModel(name);
  const runs = [];
  const server = await startVllm({
    ...{ python, model, dtype: "float32", folder, maxModelLen: CONTEXT },
    args: ["--runner", "pooling"],
  });
  process.stderr.write(`${name}: ready after ${server.readySeconds.toFixed(0)} s\n`);
  try {
    for (const cut of values.cuts.split(",")) runs.push(await runRows(name, model, server.url, cut));
  } finally {
    await server[Symbol.asyncDispose]();
  }
  const expected = await forward(
    model,
    runs.flatMap(({ prompts }) => prompts),
  );
  return runs.map(({ cut, rows, prompts, shortened }) => {
    const own = expected.splice(0, prompts.length);
    const largest = Math.max(
      ...rows.flatMap(({ logProbs }, at) => logProbs.map((value, k) => Math.abs(Math.exp(value) - own[at][k]))),
    );
    const top = own.reduce((sum, values) => sum + Math.max(...values), 0) / own.length;
    const tokens = prompts.reduce((sum, ids) => sum + ids.length, 0);
    return {
      cells: [name, cut, ...[rows.length, tokens, shortened].map(String), top.toFixed(2), largest.toExponential(1)],
      largest,
    };
  });
}

async function runRows(name, model, url, cut) {
  const job = join(folder, `job-${name}-${cut}`);
  await rm(job, { recursive: true, force: true });
  await mkdir(job, { recursive: true });
  const proxy = await startRecordingProxy(url);
  const config = {
    ...{ input: resolve(values.input), run: join(job, "run"), template: "classifier", orders: "one", cut },
    ...{ limit: Number(values.rows), concurrency: 1, prompts_per_request: 4 },
    engine: { kind: "classify", attach: proxy.url, model: ENGINE.name, tokenizer: model },
  };
  await writeFile(join(job, "job.yaml"), JSON.stringify(config));
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", "--json"], {
    cwd: job,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = await output(child, "abtie run").finally(() => proxy[Symbol.asyncDispose]());
  const journal = (await readFile(join(job, "run/journal.jsonl"), "utf8")).trim().split("\n").map(JSON.parse);
  const rows = journal.filter(({ event }) => event === "row");
  // One request after another, behind those of the start: so the last prompts are those of the rows, in the order of the journal.
  const prompts = proxy.completions.flatMap(({ body: { input } }) => input).slice(-rows.length);
  return { cut, rows, prompts, shortened: JSON.parse(printed).marks.shortened };
}

async function writeModel(name) {
  const model = join(folder, name);
  await rm(model, { recursive: true, force: true });
  const run = (script, ...args) =>
    output(spawn(python, [here(`../test/e2e/${script}`), ...args], { stdio: ["ignore", "pipe", "pipe"] }), script);
  if (name === "llama") await run("classifier_model.py", body, model);
  else {
    const random = join(folder, `${name}-body`);
    await run("tiny_model.py", name, body, random);
    await run("classifier_model.py", random, model, "--pad", "0");
  }
  return model;
}

async function forward(model, prompts) {
  const child = spawn(python, [here("../test/e2e/forward_classes.py"), model], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify({ prompts }));
  return JSON.parse(await output(child, "forward_classes.py"));
}
