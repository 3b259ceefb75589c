/*
 * Compares a prompted judge, a structured decision and a classifier on the same labelled rows, each served by real vLLM on the CPU, and
 * holds the decision against abtie's own reading of the letters in the same prompts, on each page for decisions that the server has.
 *
 * Run as: npm run build && node bench/three-judges.mjs --python VENV/bin/python --tokenizer FOLDER --input LABELLED.csv
 *           [--rows 200] [--folder /tmp/abtie-judges]
 *
 * --tokenizer is the folder of a model whose tokenizer the tiny random models get, for example SmolLM2-135M-Instruct. A tiny random
 * Qwen3 answers prompts and decisions, a tiny random Gemma 2 with a head of three classes is the classifier. The models know nothing: the
 * figures show that the three kinds meet in one table, not which is better. Prints abtie's table and the largest difference of a label's
 * log probability between the decision and the letters. The exit status is 1 when it exceeds 1e-4.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MAIN } from "./lib/job.mjs";
import { output } from "./lib/processes.mjs";
import { startRecordingProxy } from "./lib/recording-proxy.mjs";
import { ENGINE, startVllm } from "./lib/vllm.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: "string" },
    tokenizer: { type: "string" },
    input: { type: "string" },
    rows: { type: "string", default: "200" },
    folder: { type: "string", default: "/tmp/abtie-judges" },
  },
});
const { python, tokenizer, input, folder } = values;
if (python === undefined || tokenizer === undefined || input === undefined) {
  throw new Error("--python, --tokenizer and --input are needed");
}
const LIMIT = 1e-4;
/** The pages for decisions. The second writes the names of options as JSON. */
const PAGES = { "/v1/systemone": "systemone", "/v1/decisions": "decisions" };
const OPTIONS = {
  first: "the first response is better",
  second: "the second response is better",
  equal: "both are equal",
};
const QUESTION = "Which response serves the user better?";
const BODY = "[Prompt]\n{{ prompt }}\n[First]\n{{ response_a }}\n[Second]\n{{ response_b }}";

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const models = await writeModels();
await writeTemplates();
const args = { python, dtype: "float32", folder, maxModelLen: "1024" };
const servers = [await startVllm({ ...args, model: models.writer })];
try {
  servers.push(await startVllm({ ...args, model: models.classifier, args: ["--runner", "pooling"] }));
  const [writer, reader] = servers;
  const engine = { attach: writer.url, model: ENGINE.name, tokenizer: models.writer };
  const classify = { kind: "classify", attach: reader.url, model: ENGINE.name, tokenizer: models.classifier };
  const job = {
    ...{ input: resolve(input), run: "run", orders: "one", limit: Number(values.rows), engine },
    variants: {
      prompted: { template: "rules" },
      decision: { template: "./decision.jinja" },
      classifier: { template: "classifier", engine: classify },
    },
  };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
  console.log(await abtie("compare", "job.yaml", "--force"));
  for (const page of Object.keys(PAGES)) {
    const largest = await measurePage(page, writer.url);
    if (largest > LIMIT) process.exitCode = 1;
  }
} finally {
  for (const server of servers) await server[Symbol.asyncDispose]();
}

/**
 * Gives the largest difference (nats) between the log probabilities of decisions and those of the letters; 0 when the server has no such
 * page. The other page is hidden.
 */
async function measurePage(page, url) {
  const answer = await fetch(`${url}${page}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (answer.status === 404) {
    console.log(`${page}: the server has no such page`);
    return 0;
  }
  const hidden = Object.keys(PAGES).filter((other) => other !== page);
  const readings = {};
  const proxy = await startRecordingProxy(url, hidden);
  try {
    for (const name of ["decision", `${PAGES[page]}-forward`, `${PAGES[page]}-backward`]) {
      const base = ["--base-url", proxy.url, "-t", `./${name}.jinja`, "--run", `${PAGES[page]}-${name}`];
      await abtie("run", "job.yaml", ...base, "--force");
      const lines = (await readFile(join(folder, `${PAGES[page]}-${name}`, "rows.jsonl"), "utf8")).trim().split("\n");
      readings[name] = lines.map((line) => JSON.parse(line).ab.logProbs);
    }
  } finally {
    await proxy[Symbol.asyncDispose]();
  }
  const [decided, forward, backward] = Object.values(readings);
  const differences = decided.flatMap((logProbs, row) =>
    logProbs.map((value, k) =>
      Math.abs(value - Math.log((Math.exp(forward[row][k]) + Math.exp(backward[row][k])) / 2)),
    ),
  );
  const largest = Math.max(...differences);
  console.log(
    `${page}: decision against letters, ${decided.length} rows: largest difference ${largest.toExponential(1)} nats`,
  );
  return largest;
}

async function abtie(...given) {
  const child = spawn(process.execPath, [MAIN, ...given], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  return output(child, `abtie ${given[0]}`);
}

async function writeModels() {
  const run = (script, ...given) =>
    output(spawn(python, [here(`../test/e2e/${script}`), ...given], { stdio: ["ignore", "pipe", "pipe"] }), script);
  const [writer, body, classifier] = ["writer", "body", "classifier"].map((name) => join(folder, name));
  // With its own chat template: vLLM takes no decisions where a letter merges with the end of the generation prompt.
  await run("tiny_model.py", "qwen3", tokenizer, writer);
  await run("tiny_model.py", "gemma2", tokenizer, body);
  await run("classifier_model.py", body, classifier, "--pad", "0");
  return { writer, classifier };
}

/** Writes the decision, and the prompts that the server makes of it, as chats whose labels are the letters. */
async function writeTemplates() {
  const head = (format, rest) =>
    `---\ndescription: A decision and its letters.\nformat: ${format}\n${rest}\n---\n${BODY}`;
  const names = Object.keys(OPTIONS);
  const options = { a: OPTIONS.first, b: OPTIONS.second, tie: OPTIONS.equal };
  const decision = [
    "labels: {a: first, b: second, tie: equal}",
    `question: ${QUESTION}`,
    `options: ${JSON.stringify(options)}`,
  ].join("\n");
  await writeFile(join(folder, "decision.jinja"), head("decision", decision));
  const orders = { forward: names, backward: names.toReversed() };
  for (const page of Object.values(PAGES)) {
    for (const [file, order] of Object.entries(orders)) {
      const letter = (name) => "ABC"[order.indexOf(name)];
      const labels = { a: letter("first"), b: letter("second"), tie: letter("equal") };
      const written = (name) => (page === "decisions" ? JSON.stringify(name) : name);
      const lines = order.map((name) => `${letter(name)}: ${written(name)} - ${OPTIONS[name]}`).join("\n");
      const question = `\n\nQuestion: ${QUESTION}\n${lines}\nAnswer with the letter of one option only.`;
      const chat = head("chat", `labels: ${JSON.stringify(labels)}\nanswer_prefix: ""`);
      await writeFile(join(folder, `${page}-${file}.jinja`), `${chat}${question}\n`);
    }
  }
}
