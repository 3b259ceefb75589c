// The job of the peers: the same rows as a CSV for abtie, and as chats, texts and token ids for the others.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";
import { writeRows } from "../lib/ceiling-job.mjs";
import { LABELS } from "../lib/job.mjs";
import { writeShortest } from "../lib/shortest-rows.mjs";
import { ENGINE } from "../lib/vllm.mjs";

const PREPARED = fileURLToPath(new URL("../prepared-prompts.mjs", import.meta.url));

/**
 * Writes into `folder` the rows (rows.csv), abtie's config for a server that it starts with the command and the arguments of `server`
 * (cold.yaml), or that `--base-url` names (warm.yaml), and what abtie sends for each row, one JSON a line: token ids (ids.jsonl), the text
 * (texts.jsonl) and the same as a chat whose last message, the assistant's, is to be continued (chats.jsonl). The rows are the shortest
 * of the CSV `input` in order of their length; with `tokens` they are cut from its texts, so many tokens without the template. The
 * model's chat template must be ChatML. `longRow`: one of about 3,000 tokens comes behind a third of them. `context`: the tokens to which abtie's prompts in these files are cut; default the model's limit.
 */
export async function writePeersJob({
  folder,
  input,
  rows,
  tokens,
  model,
  maxModelLen,
  server,
  context = maxModelLen,
  longRow = false,
}) {
  await mkdir(folder, { recursive: true });
  const json = async (name) => JSON.parse(await readFile(join(model, name), "utf8"));
  const tokenizer = new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json"));
  const target = join(folder, "rows.csv");
  const addLongRow = (shortest, records) => shortest.splice(Math.floor(rows / 3), 0, longRowOf(records[0]));
  if (tokens === undefined) await writeShortest(target, { input, rows, ...(longRow ? { change: addLongRow } : {}) });
  else await writeRows(target, tokenizer, { rows, tokens, input });
  const engine = { command: server.command, args: server.args, model: resolve(model), max_model_len: maxModelLen };
  const config = { input: "rows.csv", template: "rules", run: "run", output: "submission.csv", orders: "one", engine };
  await writeFile(join(folder, "cold.yaml"), JSON.stringify(config));
  const running = { tokenizer: resolve(model), max_model_len: maxModelLen };
  await writeFile(join(folder, "warm.yaml"), JSON.stringify({ ...config, engine: running }));
  const wide = { ...config, engine: { ...engine, max_model_len: context } };
  await writeFile(join(folder, "prompts.yaml"), JSON.stringify(wide));
  const path = join(folder, "ids.jsonl");
  await promisify(execFile)(process.execPath, [PREPARED, join(folder, "prompts.yaml"), path]);
  const ids = (await readFile(path, "utf8")).trim().split("\n").map(JSON.parse);
  const texts = ids.map((prompt) => tokenizer.decode(prompt, { skip_special_tokens: false }));
  const chats = texts.map(chatOf);
  const lines = texts.map((prompt, row) => ({ row, prompt }));
  await writeLines(join(folder, "texts.jsonl"), lines);
  await writeLines(join(folder, "chats.jsonl"), chats);
  const labels = LABELS.flatMap((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
  if (labels.length !== LABELS.length) throw new Error("a label is not one token of this model");
  const length = ids.reduce((sum, prompt) => sum + prompt.length, 0);
  return { folder, rows: ids.length, texts, chats, labels, tokens: length, model: resolve(model), served: ENGINE.name };
}

/** Makes a row of about 3,000 tokens. */
function longRowOf(record) {
  const text = JSON.stringify(["one two three four five six seven eight nine ten ".repeat(150)]);
  return { ...record, id: "long", response_a: text, response_b: text };
}

/** Where the tools are installed, each in a folder of its own. */
export const TOOLS_FOLDER = "/tmp/abtie-peers-tools";

/**
 * Installs packages into a folder beside vLLM's environment, without changing what that holds. Returns the folder, for PYTHONPATH. Without
 * packages it only names the folder.
 */
export async function installBeside(python, name, packages) {
  const target = join(TOOLS_FOLDER, name);
  const complete = join(TOOLS_FOLDER, `${name}.complete`);
  if (packages.length === 0 || existsSync(complete)) return target;
  // What a pip that failed has left would be mixed with what comes now.
  await rm(target, { recursive: true, force: true });
  const run = promisify(execFile);
  const pip = ["-m", "pip", "--python", python];
  const { stdout } = await run("python3", [...pip, "freeze"]);
  const pinned = stdout.split("\n").filter((line) => /^[\w.-]+==/.test(line) && !/^vllm/.test(line));
  await mkdir(TOOLS_FOLDER, { recursive: true });
  const constraints = join(TOOLS_FOLDER, "constraints.txt");
  await writeFile(constraints, `${pinned.join("\n")}\n`);
  await run("python3", [...pip, "-q", "install", "--target", target, "-c", constraints, ...packages]);
  await writeFile(complete, `${packages.join("\n")}\n`);
  return target;
}

/** Writes one JSON a line. */
export async function writeLines(path, values) {
  await writeFile(path, `${values.map((value) => JSON.stringify(value)).join("\n")}\n`);
}

/** Reads one JSON a line. */
export async function readLines(path) {
  return (await readFile(path, "utf8")).trim().split("\n").map(JSON.parse);
}

/** Takes a prompt in ChatML apart into the messages of its chat. */
function chatOf(text) {
  const turns = text.split("<|im_start|>").slice(1);
  return turns.map((turn) => {
    const [, role, content] = /^(\w+)\n([\s\S]*?)(?:<\|im_end\|>\n?)?$/.exec(turn) ?? [];
    if (role === undefined) throw new Error(`not a turn in ChatML: ${turn.slice(0, 80)}`);
    return { role, content };
  });
}
