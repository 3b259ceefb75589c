// The job folder of the benchmarks: the same rows as a CSV for abtie, as token ids and as text for the other clients.
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const MAIN = here("../../dist/cli/main.js");
export const LABELS = [" A", " B", " tie"];

const TEMPLATE = `---
description: The prompt of the benchmarks.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Verdict:"
---
Which response answers the question better, A or B? Say tie when they are equally good.
Question: {{ prompt }}
Response A: {{ response_a }}
Response B: {{ response_b }}
`;

/**
 * Writes rows, template, config, prompts.jsonl (token ids) and, unless `decodes` is false, texts.jsonl (the same prompts decoded).
 */
export async function writeJob({ folder, input, rows, model, context, decodes = true, maxModelLen = 2048 }) {
  await mkdir(folder, { recursive: true });
  await copyFile(resolve(input), join(folder, "rows.csv"));
  await writeFile(join(folder, "t.jinja"), TEMPLATE);
  const engine = { tokenizer: resolve(model), max_model_len: maxModelLen };
  const config = { input: "rows.csv", template: "./t.jinja", run: "run", orders: "one", limit: rows, context, engine };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(config));
  const prompts = join(folder, "prompts.jsonl");
  await promisify(execFile)(process.execPath, [here("../prepared-prompts.mjs"), join(folder, "job.yaml"), prompts]);
  const ids = (await readFile(prompts, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const json = async (name) => JSON.parse(await readFile(join(model, name), "utf8"));
  const tokenizer = new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json"));
  const texts = decodes ? ids.map((prompt) => tokenizer.decode(prompt, { skip_special_tokens: true })) : [];
  const lines = texts.map((prompt, row) => JSON.stringify({ row, prompt }));
  await writeFile(join(folder, "texts.jsonl"), `${lines.join("\n")}\n`);
  const labels = LABELS.map((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
  if (labels.some((label) => label.length !== 1)) throw new Error("a label is not one token of this model");
  return { folder, ids, texts, labels: labels.flat(), tokens: ids.reduce((sum, prompt) => sum + prompt.length, 0) };
}
