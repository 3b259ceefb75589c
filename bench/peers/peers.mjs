/*
 * Sets abtie beside other tools that score the same rows with the same model on real vLLM: vllm run-batch, the loop of contest notebooks,
 * lm-evaluation-harness, Inspect, promptfoo, vllm bench serve and Ray Data.
 *
 * Run as: npm run build && node bench/peers/peers.mjs --python VENV/bin/python --model FOLDER --input pandalm.csv
 *           [--kind cold] [--tools abtie,run-batch,notebook] [--rows 160] [--rounds 3] [--first-round 1] [--cache on] [--until SECONDS]
 *           [--dtype float32] [--max-model-len 2048] [--args "--load-format dummy"] [--folder /tmp/abtie-peers]
 *           [--results FILE.jsonl] [--no-reference] [--tokens 250]
 *         node bench/peers/peers.mjs --table FILE.jsonl
 *
 * The rows are the shortest of the file in order of their length (with --tokens, cut from its texts, so many tokens each without the
 * template), by the template `rules`, in one order; each tool gets the same chats,
 * and asks for one token with log probabilities. Cold: each tool starts the engine; the time is from the command to its file. Warm: all
 * use one server, whose prefix cache is emptied before each of them; a first round that is not counted warms it up. The tools take turns,
 * each round begins with another one, and the ratios are those of one round, so that other load on the machine affects all alike.
 * --until: no further command begins after so many seconds; --limit: a command that takes longer is killed, and said to have failed.
 * Each measurement is appended to the results, so that rounds can be run one by one (--first-round); --table prints the table of a file
 * of results: a group for each model, its prompts, length, type and kind of round. Ratios need both tools in one command. What a tool needs is installed below /tmp/abtie-peers-tools.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { loadavg } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { emptyPrefixCache, startVllm, vllmEnv } from "../lib/vllm.mjs";
import { readLines, writePeersJob } from "./job.mjs";
import { measure } from "./measured.mjs";
import { printTable } from "./table.mjs";
import { TOOLS } from "./tools.mjs";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    kind: { type: "string", default: "cold" },
    tools: { type: "string", default: "abtie,run-batch,notebook" },
    rows: { type: "string", default: "160" },
    rounds: { type: "string", default: "3" },
    "first-round": { type: "string", default: "1" },
    cache: { type: "string", default: "on" },
    until: { type: "string", default: "1000000" },
    limit: { type: "string", default: "3600" },
    dtype: { type: "string", default: "float32" },
    "max-model-len": { type: "string", default: "2048" },
    args: { type: "string", default: "" },
    tokens: { type: "string" },
    folder: { type: "string", default: "/tmp/abtie-peers" },
    results: { type: "string" },
    reference: { type: "boolean", default: true },
    table: { type: "string" },
  },
});
const { python, input, kind, folder, dtype } = values;
const began = performance.now();
/** Tells the rounds of this command from those of others in the same file of results. */
const session = new Date().toISOString();
const elapsed = () => (performance.now() - began) / 1000;

if (values.table !== undefined) {
  printTable(await readLines(values.table));
} else {
  if (python === undefined || values.model === undefined || input === undefined) {
    throw new Error("--python, --model and --input are needed, or --table");
  }
  await compare();
}

async function compare() {
  const chosen = values.tools.split(",").map((name) => TOOLS[name] ?? fail(`no tool ${name}: ${Object.keys(TOOLS)}`));
  const usable = chosen.filter((tool) => tool.kinds.includes(kind));
  const maxModelLen = Number(values["max-model-len"]);
  const cacheFlag = values.cache === "on" ? "--enable-prefix-caching" : "--no-enable-prefix-caching";
  const own = values.args.split(" ").filter((arg) => arg !== "");
  const engineArgs = ["--dtype", dtype, "--max-model-len", String(maxModelLen), "--enforce-eager", cacheFlag, ...own];
  const env = { ...vllmEnv(), VLLM_SERVER_DEV_MODE: "1" };
  const serve = ["{launch}/python/serve_vllm.py", "{model}", ...engineArgs];
  const rows = Number(values.rows);
  const tokens = values.tokens === undefined ? undefined : Number(values.tokens);
  const results = values.results ?? join(folder, "results.jsonl");
  const server = { command: python, args: serve };
  const job = await writePeersJob({ folder, input, rows, tokens, model: values.model, maxModelLen, server });
  const context = { env, python, engineArgs, model: job.model, served: job.served, maxModelLen };
  for (const tool of usable) await tool.prepare(job, context);
  const key = await keyOf(job);
  const reference = values.reference ? await forwardPasses(job, key) : null;
  process.stderr.write(
    `${job.rows} rows of ${(job.tokens / job.rows).toFixed(0)} tokens; ready after ${elapsed().toFixed(0)} s\n`,
  );
  const running = kind === "cold" ? null : await startServer(engineArgs);
  try {
    if (running !== null) await measureTool(TOOLS.abtie);
    const first = Number(values["first-round"]);
    for (let round = first; round < first + Number(values.rounds); round += 1) {
      for (let turn = 0; turn < usable.length && elapsed() < Number(values.until); turn += 1) {
        const tool = usable[(round - 1 + turn) % usable.length];
        const head = { ...headOf(job, key), session, round };
        const line = await measureTool(tool).then(
          (measured) => ({ ...head, ...measured }),
          (error) => ({ ...head, tool: tool.name, failed: error.message }),
        );
        process.stderr.write(`${JSON.stringify(line)}\n`);
        if (line.failed === undefined) await appendFile(results, `${JSON.stringify(line)}\n`);
      }
    }
  } finally {
    await running?.[Symbol.asyncDispose]();
  }
  printTable(await readLines(results));

  async function measureTool(tool) {
    if (running !== null) await emptyPrefixCache(running.url);
    const load = loadavg()[0];
    const command = await tool.command(job, { ...context, url: running?.url ?? null });
    const measured = await measure({ ...command, limit: Number(values.limit) });
    const { scoring, logProbs, note } = await tool.result(job, measured);
    const { file, first, end, cpu, peakMb } = measured;
    const right = reference === null || logProbs === null ? {} : compareWith(reference, logProbs);
    return { tool: tool.name, file, first, end, scoring, cpu, peakMb, load, ...right, note };
  }
}

/** Names the ids of the prompts, the labels and the model: a hash that is another one with other rows, template or weights. */
async function keyOf({ folder, model, labels }) {
  const weights = await Promise.all((await weightsOf(model)).map((name) => stat(join(model, name))));
  const made = [
    await readFile(join(folder, "ids.jsonl")),
    JSON.stringify([labels, model, weights.map(({ size, mtimeMs }) => [size, mtimeMs])]),
  ];
  const hash = made.reduce((sum, part) => sum.update(part), createHash("sha256"));
  return hash.digest("hex").slice(0, 16);
}

/** Runs the reference once for the same ids, labels and model: the log probabilities of the labels by plain forward passes on the ids. */
async function forwardPasses({ folder, model, labels }, key) {
  const target = join(folder, `reference-${key}.jsonl`);
  if (!existsSync(target)) {
    const script = fileURLToPath(new URL("reference.py", import.meta.url));
    const partial = `${target}.partial`;
    const files = [join(folder, "ids.jsonl"), join(folder, "chats.jsonl"), JSON.stringify(labels), partial];
    await promisify(execFile)(python, [script, model, ...files], { env: vllmEnv() });
    await rename(partial, target);
  }
  const lines = await readLines(target);
  const other = lines.filter(({ same }) => !same).length;
  if (other > 0) process.stderr.write(`transformers makes other ids of ${other} chats than abtie sends\n`);
  return lines;
}

async function weightsOf(model) {
  return (await readdir(model)).filter((name) => /\.safetensors$|^config\.json$/.test(name)).toSorted();
}

/** Gives the largest difference of a label's log probability (nats), and the rows in which one is missing. */
function compareWith(reference, logProbs) {
  const whole = reference.map((_, row) => logProbs[row]?.every((value) => value !== null) ?? false);
  const differences = reference.flatMap(({ logProbs: expected }, row) =>
    whole[row] ? expected.map((value, label) => Math.abs(value - logProbs[row][label])) : [],
  );
  return { largest: Math.max(...differences), missing: whole.filter((isWhole) => !isWhole).length };
}

/** What a measurement is of: only rounds that agree in all of it are compared. */
function headOf({ model, rows, tokens }, job) {
  const { cache, args, "max-model-len": maxModelLen } = values;
  return { kind, cache, model: basename(model), dtype, maxModelLen: Number(maxModelLen), args, rows, tokens, job };
}

async function startServer(engineArgs) {
  const env = { VLLM_SERVER_DEV_MODE: "1" };
  await mkdir(folder, { recursive: true });
  const maxModelLen = values["max-model-len"];
  const server = await startVllm({
    python,
    model: values.model,
    dtype,
    folder,
    maxModelLen,
    args: engineArgs.slice(4),
    env,
  });
  process.stderr.write(`vLLM answers after ${server.readySeconds.toFixed(0)} s\n`);
  return server;
}

function fail(text) {
  throw new Error(text);
}
