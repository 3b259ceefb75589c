/*
 * Measures the prompt tokens per second of a classifier: `abtie run` on real vLLM beside transformers with batches of 4 sorted by length
 * (the published two-GPU system), on the same token ids, and beside `abtie run` on a model of the same shape that generates the label.
 * All take turns on the same machine, on all its cores or on its one GPU.
 *
 * Run as: npm run build && node bench/classifier-speed.mjs --python VENV/bin/python --model CLASSIFIER [--generator MODEL]
 *           [--input examples/rows.csv] [--rows 60] [--rounds 3] [--context 512] [--dtype float32] [--dummy] [--bits 16,8]
 *           [--rows-8 150] [--until SECONDS] [--vllm '["--gpu-memory-utilization", "0.3"]'] [--folder /tmp/abtie-classifier-speed]
 *
 * The folders need only config.json and a tokenizer with --dummy. abtie's time is that of scoring, tokenising included; that of
 * transformers the forward passes alone. Both read `context` tokens at most, cut on the right. --bits 8 adds transformers with 8-bit
 * weights, on the first rows only. What cannot start is named and left out. Prints each measurement as it comes, then the medians.
 * After --until seconds no further measurement begins.
 */
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeJob } from "./lib/job.mjs";
import { endWithUs, markdown, output } from "./lib/processes.mjs";
import { ENGINE, startVllm, vllmEnv } from "./lib/vllm.mjs";
import { runAbtie } from "./real/abtie.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    model: { type: "string" },
    generator: { type: "string" },
    input: { type: "string", default: here("../examples/rows.csv") },
    rows: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    context: { type: "string", default: "512" },
    dtype: { type: "string", default: "float32" },
    dummy: { type: "boolean", default: false },
    bits: { type: "string", default: "16" },
    "rows-8": { type: "string", default: "150" },
    until: { type: "string", default: "3600" },
    vllm: { type: "string", default: "[]" },
    folder: { type: "string", default: "/tmp/abtie-classifier-speed" },
  },
});
const { python, model, generator, input, folder, context, dtype } = values;
if (model === undefined) throw new Error("--model is needed");
const rows = Number(values.rows);
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const TRANSFORMERS = "transformers, sorted batches of 4";

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const prompts = await writeClassifierJob(join(folder, "classify"));
const bits = values.bits.split(",");
const systems = await startAll([
  ["abtie, classifier on vLLM", () => startServer("classify", model, ["--runner", "pooling"])],
  ...(bits.includes("16") ? [[TRANSFORMERS, () => startTransformers("transformers", [])]] : []),
  ...(bits.includes("8")
    ? [
        [
          `${TRANSFORMERS}, 8 bits`,
          () => startTransformers("transformers-8", ["--bits", "8", "--limit", values["rows-8"]]),
        ],
      ]
    : []),
  ...(generator === undefined ? [] : [["abtie, the label generated", () => startGenerator()]]),
]);
const measured = new Map(systems.map(({ name }) => [name, []]));
try {
  console.log(`\nready after ${elapsed().toFixed(0)} s; rows, tokens/s and rows/s of each measurement:\n`);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Each is the first in its turn.
    for (const [at] of systems.entries()) {
      const system = systems[(at + round) % systems.length];
      if (elapsed() < Number(values.until)) await measure(round + 1, system);
    }
  }
} finally {
  for (const system of systems) await system.stop();
}
printMedians();

async function measure(round, { name, run }) {
  const found = await run().catch((error) =>
    console.log(`round ${round}: ${name} failed: ${error.message.slice(-1500)}`),
  );
  if (found === undefined) return;
  const speed = found.tokens / found.seconds;
  measured.get(name).push({ ...found, speed });
  const times = `${found.rows} rows of ${(found.tokens / found.rows).toFixed(0)} tokens in ${found.seconds.toFixed(1)} s`;
  const rate = (found.rows / found.seconds).toFixed(2);
  console.log(
    `- round ${round}, ${name}: ${speed.toFixed(0)} tokens/s, ${rate} rows/s (${times}; at ${elapsed().toFixed(0)} s)`,
  );
}

function printMedians() {
  const medians = [...measured].map(([name, found]) => [name, median(found.map(({ speed }) => speed)), found]);
  const reference = medians.find(([name]) => name === TRANSFORMERS)?.[1] ?? null;
  console.log("");
  markdown([
    ["system", "measurements", "tokens/s, median", "rows/s, median", "of transformers"],
    ...medians.map(([name, speed, found]) => [
      name,
      found.map((one) => one.speed.toFixed(0)).join(", "),
      speed?.toFixed(0) ?? "none",
      median(found.map((one) => one.rows / one.seconds))?.toFixed(2) ?? "",
      speed === null || reference === null ? "" : (speed / reference).toFixed(2),
    ]),
  ]);
}

function median(numbers) {
  return numbers.length === 0 ? null : numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
}

/** Starts all at once; those that fail are named on stdout and left out. */
async function startAll(starts) {
  const found = await Promise.allSettled(starts.map(([, start]) => start()));
  return found.flatMap(({ status, value, reason }, at) => {
    const [name] = starts[at];
    if (status === "fulfilled") return [{ name, ...value }];
    console.log(`${name}: not measured, it did not start: ${reason.message.slice(-1500)}`);
    return [];
  });
}

async function startServer(name, served, args, job = { folder: join(folder, name) }, flags = []) {
  const server = await startVllm({
    ...{ python, model: served, dtype, folder: job.folder, maxModelLen: String(Number(context) + 2) },
    args: [...(values.dummy ? ["--load-format", "dummy"] : []), ...args, ...JSON.parse(values.vllm)],
  });
  const stop = () => server[Symbol.asyncDispose]();
  try {
    // Kernels for the shapes of this job are compiled on their first use.
    await runAbtie(job, server.url, ["--limit", String(Math.min(rows, 256)), ...flags]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { run: () => runAbtie(job, server.url, flags), stop };
}

async function startGenerator() {
  const own = join(folder, "generate");
  const job = await writeJob({
    folder: own,
    input,
    rows,
    model: generator,
    context: Number(context),
    maxModelLen: Number(context) + 2,
  });
  // Random weights give the labels almost no mass, which would stop the run.
  return startServer("generate", generator, [], job, values.dummy ? ["--force"] : []);
}

/** Starts transformers, which loads its model once and reads all prompts again in each round. */
async function startTransformers(name, args) {
  const log = openSync(join(folder, `${name}.log`), "a");
  const script = here("lib/classify_batches.py");
  const size = dtype === "half" ? "float16" : dtype;
  const options = [script, model, prompts, "--dtype", size, ...(values.dummy ? ["--random"] : []), ...args];
  const child = spawn(python, options, { env: vllmEnv(), stdio: ["pipe", "pipe", log], detached: true });
  const stop = endWithUs(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`it has ended: see ${join(folder, `${name}.log`)}`);
    return value;
  };
  if ((await next()) !== "READY") throw new Error("it printed something before READY");
  const run = async () => {
    child.stdin.write("again\n");
    return JSON.parse(await next());
  };
  return { run, stop };
}

/** Writes the config of the classifier, and the token ids that abtie sends with it. Returns the path of the ids. */
async function writeClassifierJob(own) {
  await mkdir(own, { recursive: true });
  await copyFile(resolve(input), join(own, "rows.csv"));
  const config = {
    ...{ input: "rows.csv", template: "classifier", run: "run", orders: "one", cut: "right" },
    ...{ limit: rows, context: Number(context) },
    engine: { kind: "classify", attach: "http://127.0.0.1:9", model: ENGINE.name, tokenizer: resolve(model) },
  };
  await writeFile(join(own, "job.yaml"), JSON.stringify(config));
  const path = join(own, "prompts.jsonl");
  const script = here("prepared-prompts.mjs");
  await output(
    spawn(process.execPath, [script, join(own, "job.yaml"), path], { stdio: ["ignore", "pipe", "pipe"] }),
    script,
  );
  return path;
}
