// The job of bench/client-ceiling.mjs: rows of so many tokens, a short template, a config.
import { createReadStream, createWriteStream } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";

const WORDS =
  "the answer is better because it says what was asked and nothing more than a reader would want to know".split(" ");
const COLUMNS = ["id", "prompt", "response_a", "response_b"];
/** One longer word in 25 of a repeated row is replaced by a word that no other row has. */
const NEW_WORD = 25;
const TEMPLATE = `---
description: Short prompts.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Answer:"
---
{{ prompt }}
A: {{ response_a }}
B: {{ response_b }}
`;

/**
 * Writes rows.csv, t.jinja and job.yaml into a folder, and removes the run folder of an earlier run. With `input` the texts are runs
 * of words of that file, with words that no other row has.
 */
export async function writeCeilingJob(folder, model, { rows, tokens, tokenizer, orders, input }) {
  await rm(join(folder, "run"), { recursive: true, force: true });
  await writeRows(join(folder, "rows.csv"), model, { rows, tokens, input });
  await writeFile(join(folder, "t.jinja"), TEMPLATE);
  const config = { input: "rows.csv", template: "./t.jinja", run: "run", orders, engine: { tokenizer } };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(config));
}

/** Writes a CSV of rows whose prompts have about so many tokens of this model; see writeCeilingJob for `input`. */
export async function writeRows(path, model, { rows, tokens, input }) {
  const source = input === undefined ? made(model, rows, tokens) : cut(await readWords(input), model, rows, tokens);
  await pipeline(Readable.from(source), stringify({ header: true, columns: COLUMNS }), createWriteStream(path));
}

/** Makes rows whose prompts have about so many tokens. */
function* made(model, rows, tokens) {
  const perWord = model.encode(WORDS.join(" "), { add_special_tokens: false }).ids.length / WORDS.length;
  const each = Math.max(1, Math.round((tokens - 12) / perWord / 3));
  const text = (row, part) => {
    const words = Array.from({ length: each }, (_, k) => WORDS[(row * 31 + part * 17 + k * k + k) % WORDS.length]);
    return JSON.stringify([`${row} ${words.join(" ")}`]);
  };
  for (let row = 0; row < rows; row += 1) yield [row, text(row, 0), text(row, 1), text(row, 2)];
}

/** Cuts texts from the words of a file one after another, so that prompts have about so many tokens. */
function* cut(words, model, rows, tokens) {
  const sample = words.slice(0, 5_000);
  const perWord = model.encode(sample.join(""), { add_special_tokens: false }).ids.length / sample.length;
  const each = Math.max(1, Math.round((tokens - 12) / perWord / 3));
  let at = 0;
  const text = () => {
    const taken = Array.from({ length: each }, () => fresh(words[at % words.length], at++));
    return JSON.stringify([taken.join("").trim()]);
  };
  for (let row = 0; row < rows; row += 1) yield [row, text(), text(), text()];
}

/** Replaces one longer word in 25 by a new one, so that no cache holds all of them. */
function fresh(word, count) {
  if (count % NEW_WORD !== 0 || !/^\s*[a-z]{4,}/.test(word)) return word;
  return word + (count * 7919).toString(26).replace(/\d/g, (digit) => "qwxzjvkbpf"[digit]);
}

/** Lists the words of a file's texts, each with the white space before it. */
async function readWords(path) {
  const words = [];
  const records = createReadStream(resolve(path)).pipe(parse({ columns: true, bom: true }));
  for await (const record of records) {
    for (const name of COLUMNS.slice(1)) {
      for (const turn of JSON.parse(record[name])) words.push(...(turn?.match(/\s*\S+/g) ?? []), "\n");
    }
  }
  return words;
}

/** Lists the prompts of the first rows of a job, as its template writes them. */
export async function readPrompts(folder, rows) {
  const prompts = [];
  const records = createReadStream(join(folder, "rows.csv")).pipe(parse({ columns: true, to: rows }));
  for await (const record of records) {
    const [prompt, a, b] = COLUMNS.slice(1).map((name) => JSON.parse(record[name]).join("\n"));
    prompts.push(`${prompt}\nA: ${a}\nB: ${b}\nAnswer:`);
  }
  return prompts;
}
