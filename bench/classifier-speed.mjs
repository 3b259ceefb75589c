/*
 * Measures the prompt tokens per second of a classifier: `abtie run` on real vLLM on the CPU, beside transformers with batches of 4 sorted
 * by length (the published two-GPU system), on the same token ids, alternating.
 *
 * Run as: npm run build && node bench/classifier-speed.mjs --python VENV/bin/python --model CLASSIFIER
 *           [--input examples/rows.csv] [--rows 60] [--rounds 3] [--context 512] [--folder /tmp/abtie-classifier-speed]
 *
 * --model is the folder of a classifier, for example the one that bench/classifier-parity.mjs writes. Both have all cores in turn; the
 * server waits while transformers computes. abtie's time is that of scoring, tokenising included; that of transformers the forward passes
 * alone. Prints a Markdown table and the ratio of the medians.
 */
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
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
    model: { type: "string" },
    input: { type: "string", default: here("../examples/rows.csv") },
    rows: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    context: { type: "string", default: "512" },
    folder: { type: "string", default: "/tmp/abtie-classifier-speed" },
  },
});
const { python, model, folder, context } = values;
if (python === undefined || model === undefined) throw new Error("--python and --model are needed");

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const server = await startVllm({
  ...{ python, model, dtype: "float32", folder, maxModelLen: context },
  args: ["--runner", "pooling"],
});
const rounds = [];
try {
  // The first run warms the server up, and its recorded requests give the prompts.
  const proxy = await startRecordingProxy(server.url);
  await score("warm-up", proxy.url).finally(() => proxy[Symbol.asyncDispose]());
  const asked = proxy.completions.flatMap(({ body: { input } }) => input);
  const prompts = asked.slice(-Number(values.rows));
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const abtie = await score(`round-${round}`, server.url);
    const { seconds, tokens } = await classify(prompts);
    rounds.push({ round, abtie, transformers: tokens / seconds });
  }
} finally {
  await server[Symbol.asyncDispose]();
}
const shown = (value) => value.toFixed(0);
markdown([
  ["round", "abtie on vLLM, tokens/s", "transformers, tokens/s"],
  ...rounds.map(({ round, abtie, transformers }) => [String(round), shown(abtie), shown(transformers)]),
]);
const median = (key) => rounds.map((round) => round[key]).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)];
console.log(`ratio of the medians: ${(median("abtie") / median("transformers")).toFixed(2)}`);

async function score(name, url) {
  const config = {
    ...{ input: resolve(values.input), run: join(folder, name), template: "classifier", orders: "one" },
    limit: Number(values.rows),
    engine: { kind: "classify", attach: url, model: ENGINE.name, tokenizer: resolve(model) },
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(config));
  const child = spawn(process.execPath, [MAIN, "run", path, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const { session, seconds } = JSON.parse(await output(child, "abtie run"));
  return session.promptTokens / seconds.scoring;
}

async function classify(prompts) {
  const args = [here("lib/classify_batches.py"), model, "--threads", String(availableParallelism())];
  const child = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify({ prompts }));
  return JSON.parse(await output(child, "classify_batches.py"));
}
