/*
 * Compares `abtie run` from a CSV with offline LLM.generate on ready token ids, on one GPU: the same rows, all engines loaded at once,
 * in alternating rounds.
 *
 * Run as: node bench/gpu/side-by-side.mjs --model FOLDER --text FILE.csv --rows 300 --tokens 1000 [--rounds 3] [--memory 0.28]
 *           [--api-servers 1,4] [--dtype half] [--batch-tokens 8192] [--max-model-len 4096] [--python python3] [--folder DIR]
 *           [--until SECONDS] [--device cpu]
 *
 * FOLDER needs only config.json and a tokenizer, since weights are dummies. The rows are cut from the texts of FILE, a CSV of pairs, with
 * words that no other row has. --api-servers: one vLLM server is started for each number, with so many API processes. Prints a Markdown
 * table of the rounds. After --until seconds no further round begins. --device cpu: to try the script without a GPU.
 */
import { readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";
import { writeRows } from "../lib/ceiling-job.mjs";
import { writeJob } from "../lib/job.mjs";
import { markdown } from "../lib/processes.mjs";
import { startVllm } from "../lib/vllm.mjs";
import { runAbtie } from "../real/abtie.mjs";
import { startOffline } from "../real/offline.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    text: { type: "string" },
    rows: { type: "string", default: "300" },
    tokens: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    memory: { type: "string", default: "0.28" },
    "api-servers": { type: "string", default: "1,4" },
    dtype: { type: "string", default: "half" },
    "batch-tokens": { type: "string", default: "8192" },
    "max-model-len": { type: "string", default: "4096" },
    python: { type: "string", default: "python3" },
    folder: { type: "string", default: "/tmp/abtie-gpu" },
    until: { type: "string", default: "240" },
    device: { type: "string", default: "gpu" },
  },
});
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const { model, text, python, folder, dtype } = values;
if (model === undefined || text === undefined) throw new Error("--model and --text are needed");
const rows = Number(values.rows);
const maxModelLen = Number(values["max-model-len"]);
const batchTokens = Number(values["batch-tokens"]);
const apiServers = values["api-servers"].split(",").map(Number);
const isCpu = values.device === "cpu";

// All are loaded together; an engine without requests does not slow the others. The rows are made meanwhile.
const [job, offline, ...servers] = await startAll().catch((error) => {
  const logs = [...apiServers.map((count) => `api-${count}/server.log`), "offline.log"];
  for (const name of logs) console.error(tail(join(folder, name)));
  throw error;
});
try {
  const { ids, tokens } = job;
  console.log(
    `${ids.length} rows of ${(tokens / ids.length).toFixed(0)} tokens; all engines ready after ${elapsed().toFixed(0)} s\n`,
  );
  // --force: dummy weights give the labels almost no probability. Kernels for the shapes of this job are compiled on their first use.
  for (const server of servers)
    await runAbtie(job, server.url, ["--force", "--limit", String(Math.min(ids.length, 512))]);
  const table = [];
  for (let round = 1; round <= Number(values.rounds) && (round === 1 || elapsed() < Number(values.until)); round += 1) {
    const own = new Map();
    const [before, after] =
      round % 2 === 1 ? [servers.slice(0, 1), servers.slice(1)] : [servers.slice(1), servers.slice(0, 1)];
    for (const server of before) own.set(server, await runAbtie(job, server.url, ["--force"]));
    const engine = await offline.run();
    for (const server of after) own.set(server, await runAbtie(job, server.url, ["--force"]));
    servers.forEach((server, at) => {
      table.push(line(round, apiServers[at], own.get(server), engine));
      console.error(`${table.at(-1).join(" | ")} | at ${elapsed().toFixed(0)} s`);
    });
  }
  markdown([
    [
      "round",
      "API processes",
      "LLM.generate tokens/s",
      "rows/s",
      "abtie run tokens/s",
      "rows/s",
      "ratio",
      "s from command to file",
      "CPU s of abtie",
      "in flight at the end",
      "full",
      "of its own best",
    ],
    ...table,
  ]);
} finally {
  await Promise.all([offline, ...servers].map((engine) => engine[Symbol.asyncDispose]()));
}

async function startAll() {
  const made = makeJob();
  const gpu = isCpu ? [] : ["--gpu-memory-utilization", values.memory];
  const started = apiServers.map(async (count) => {
    const own = join(folder, `api-${count}`);
    await mkdir(own, { recursive: true });
    const args = ["--load-format", "dummy", "--max-num-batched-tokens", String(batchTokens), ...gpu];
    if (count > 1) args.push("--api-server-count", String(count));
    return startVllm({ python, model, dtype, folder: own, maxModelLen: String(maxModelLen), args });
  });
  const options = {
    dtype,
    load_format: "dummy",
    max_model_len: maxModelLen,
    max_num_batched_tokens: batchTokens,
    ...(isCpu ? {} : { gpu_memory_utilization: Number(values.memory) }),
  };
  const engine = made.then((job) => startOffline(job, { python, model, options }));
  return Promise.all([made, engine, ...started]);
}

async function makeJob() {
  await mkdir(folder, { recursive: true });
  const json = async (name) => JSON.parse(await readFile(join(model, name), "utf8"));
  const tokenizer = new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json"));
  const input = join(folder, "made.csv");
  // The template adds about 40 tokens.
  await writeRows(input, tokenizer, { rows, tokens: Number(values.tokens) - 40, input: text });
  const context = maxModelLen - 2;
  return writeJob({ folder, input, rows, model, context, decodes: false, maxModelLen });
}

function line(round, count, own, engine) {
  const [abtieSpeed, offlineSpeed] = [own.tokens / own.seconds, engine.tokens / engine.seconds];
  const [{ concurrency, promptsPerRequest }] = own.usage.engines;
  return [
    String(round),
    String(count),
    offlineSpeed.toFixed(0),
    (engine.rows / engine.seconds).toFixed(1),
    abtieSpeed.toFixed(0),
    (own.rows / own.seconds).toFixed(1),
    (abtieSpeed / offlineSpeed).toFixed(3),
    own.wallSeconds.toFixed(1),
    own.cpuSeconds.toFixed(1),
    `${concurrency} x ${promptsPerRequest}`,
    `${((100 * own.usage.saturatedSeconds) / own.usage.seconds).toFixed(0)} %`,
    own.usage.ratio?.toFixed(3) ?? "",
  ];
}

function tail(path) {
  try {
    return `${path}\n${readFileSync(path, "utf8").slice(-3000)}`;
  } catch {
    return `${path}: nothing`;
  }
}
