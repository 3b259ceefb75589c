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

/** Writes rows.csv, t.jinja and job.yaml into a folder, and removes the run folder of an earlier run. */
export async function writeCeilingJob(folder, model, { rows, tokens, tokenizer, orders, input }) {
  await rm(join(folder, "run"), { recursive: true, force: true });
  const source = input === undefined ? made(model, rows, tokens) : repeated(await readRows(input), rows);
  const target = createWriteStream(join(folder, "rows.csv"));
  await pipeline(Readable.from(source), stringify({ header: true, columns: COLUMNS }), target);
  await writeFile(join(folder, "t.jinja"), TEMPLATE);
  const config = { input: "rows.csv", template: "./t.jinja", run: "run", orders, engine: { tokenizer } };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(config));
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

/** Repeats the rows of a file under new ids; some words are new each time, so that no cache holds all of them. */
function* repeated(source, rows) {
  for (let row = 0; row < rows; row += 1) {
    const texts = source[row % source.length].slice(1);
    let words = row;
    const fresh = (text) =>
      text.replace(/\b[a-z]{4,}\b/g, (word, at) => {
        words += 1;
        // A letter behind a backslash belongs to an escape of JSON.
        if (words % NEW_WORD !== 0 || text[at - 1] === "\\") return word;
        return word + (row * 7919 + words).toString(26).replace(/\d/g, (digit) => "qwxzjvkbpf"[digit]);
      });
    yield [row, ...texts.map(fresh)];
  }
}

async function readRows(path) {
  const rows = [];
  const records = createReadStream(resolve(path)).pipe(parse({ columns: true, bom: true }));
  for await (const record of records) rows.push(COLUMNS.map((name) => record[name]));
  return rows;
}
