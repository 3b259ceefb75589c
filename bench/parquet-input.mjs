#!/usr/bin/env node
// Measures the same rows of conversations as Parquet and as CSV: peak memory and rows/s of `abtie plan` and of `abtie run`.
//   npm run build && node bench/parquet-input.mjs [--rows 200000] [--characters 5000] [--groups 1] [--rounds 1] [--limit N]
//                                                 [--parts plan,run] [--files CSV,Parquet] [--folder /tmp/abtie-parquet] [--keep]
// The Parquet file has its rows in so many row groups, without an offset index, as pandas writes it (one group). The run asks a
// loopback server that answers at once. With --limit only the first rows are tokenised and scored; all rows are converted. Rounds
// alternate (CSV, Parquet, Parquet, CSV, CSV, ...), so that other load meets both. With --keep the files and the measurements in the folder
// stay, and the next call with the same rows goes on with the next round: many rounds can be measured in parts. Prints a Markdown table
// and the ratios of rows/s, with the lowest and the highest of a round, and of CPU seconds, which other load on the machine
// changes less. The exit status is 1 when one of them takes more than 500 MB, or Parquet has less than 0.9 of the speed of CSV.
import { createWriteStream } from "node:fs";
import { appendFile, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "csv-stringify/sync";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { seededGenerator } from "../dist/numbers/random.js";
import { startFake } from "./lib/fault-job.mjs";
import { measureCommand } from "./lib/measured-command.mjs";
import { markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200000" },
    characters: { type: "string", default: "5000" },
    groups: { type: "string", default: "1" },
    rounds: { type: "string", default: "1" },
    limit: { type: "string" },
    parts: { type: "string", default: "plan,run" },
    files: { type: "string", default: "CSV,Parquet" },
    folder: { type: "string", default: "/tmp/abtie-parquet" },
    keep: { type: "boolean", default: false },
  },
});
const ROWS = Number(values.rows);
const CHARACTERS = Number(values.characters);
const LIMIT = values.limit === undefined ? ROWS : Number(values.limit);
const KINDS = values.files.split(",");
const MOST_MB = 500;
const LEAST_RATIO = 0.9;

const generator = seededGenerator(7);
/** A whole number from 0 to below `end`. */
const pick = (end) => Math.abs(generator.next()) % end;
const WORDS =
  "the answer is better because it says what was asked and nothing more than a reader would want to know".split(" ");
/** Long enough that no compression finds a text twice. */
const base = Array.from(
  { length: 3_000_000 },
  () => WORDS[pick(WORDS.length)] + (pick(10) === 0 ? pick(10_000) : ""),
).join(" ");
const text = (row, turn) => {
  // A turn is a fifth of a row to three fifths of it, and no two are the same.
  const length = Math.floor((CHARACTERS / 4) * (0.5 + ((row * 7 + turn * 3) % 11) / 10));
  const from = (row * 977 * CHARACTERS + turn * 131 * CHARACTERS) % (base.length - 2 * CHARACTERS);
  return base.slice(from, from + length);
};
const conversation = (row, side) => [
  { role: "user", content: `Question ${row}: ${text(row, 0)}` },
  { role: "assistant", content: text(row, 1 + side) },
];
const rowOf = (row) => ({
  id: `r${row}`,
  conversation_a: conversation(row, 0),
  conversation_b: conversation(row, 1),
  winner: ["model_a", "model_b", "tie"][row % 3],
});

await mkdir(values.folder, { recursive: true });
/** The measurements of files with these rows, one JSON object a line. */
const log = join(values.folder, `measured-${ROWS}-${CHARACTERS}-${values.groups}-${LIMIT}.jsonl`);
const name = `rows-${ROWS}-${CHARACTERS}-${values.groups}`;
const files = { CSV: join(values.folder, `${name}.csv`), Parquet: join(values.folder, `${name}.parquet`) };
if (!values.keep) await removeMade();
if (KINDS.includes("CSV")) await once(files.CSV, writeCsv);
if (KINDS.includes("Parquet")) await once(files.Parquet, writeParquet);
await writeFile(
  join(values.folder, "t.jinja"),
  '---\ndescription: Short.\nformat: raw\nlabels: {a: " A", b: " B", tie: " tie"}\nanswer_prefix: "Answer:"\n---\n' +
    "{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}\n",
);
const server = await startFake({});
const table = [["command", "file", "MB", "peak MB", "s", "rows/s", "CPU s"]];
let failed = false;
for (const part of values.parts.split(",")) {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const earlier = (await measured(part)).length / KINDS.length;
    for (const kind of earlier % 2 === 0 ? KINDS : KINDS.toReversed()) {
      const result = { part, kind, ...(await measure(part, files[kind])) };
      await appendFile(log, `${JSON.stringify(result)}\n`);
      process.stderr.write(`${JSON.stringify(result)}\n`);
    }
  }
  const all = await measured(part);
  for (const { kind, peak, seconds, cpuSeconds } of all) {
    const megabytes = (await stat(files[kind])).size / 1e6;
    const cells = [part, kind, megabytes, peak, seconds, LIMIT / seconds, cpuSeconds];
    table.push(cells.map((cell) => cell.toFixed?.(0) ?? cell));
    if (peak > MOST_MB) failed = true;
  }
  if (KINDS.length < 2) continue;
  const of = (kind, key) => all.filter((one) => one.kind === kind).map((one) => one[key]);
  const ratioOf = (key) => {
    const [csv, parquet] = [of("CSV", key), of("Parquet", key)];
    const rounds = csv.map((value, round) => value / parquet[round]);
    const sum = (list) => list.reduce((total, value) => total + value, 0);
    return [sum(csv) / sum(parquet), Math.min(...rounds), Math.max(...rounds)].map((ratio) => ratio.toFixed(2));
  };
  const [ratio, low, high] = ratioOf("seconds");
  const [cpu, lowCpu, highCpu] = ratioOf("cpuSeconds");
  const rounds = `${of("CSV", "seconds").length} rounds`;
  table.push([part, `rows/s of Parquet / of CSV, ${rounds}`, "", "", "", `${ratio} (${low} to ${high})`, ""]);
  table.push([part, "CPU s of CSV / of Parquet", "", "", "", "", `${cpu} (${lowCpu} to ${highCpu})`]);
  if (Number(ratio) < LEAST_RATIO) failed = true;
}
server.stop();
markdown(table);
if (!values.keep) await removeMade();
process.exit(failed ? 1 : 0);

/** Removes the files and the measurements. */
async function removeMade() {
  for (const path of [log, ...Object.values(files)]) await rm(path, { force: true });
}

/** Reads the measurements of a command so far, in their order. */
async function measured(part) {
  const text = await readFile(log, "utf8").catch(() => "");
  const all = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return all.filter((one) => one.part === part && KINDS.includes(one.kind));
}

/** Makes a file under another name first, so that a call that was stopped leaves no half of it. */
async function once(path, write) {
  if (await stat(path).catch(() => null)) return;
  await write(`${path}.part`);
  await rename(`${path}.part`, path);
}

/** Runs a command on a file; returns the most memory (MB) of the process that works on the rows, the seconds, and those of the processors. */
async function measure(part, input) {
  const run = join(values.folder, "run");
  await rm(run, { recursive: true, force: true });
  const job = { input, template: "./t.jinja", run, orders: "one", limit: LIMIT, engine: server.engine };
  await writeFile(join(values.folder, "job.yaml"), JSON.stringify(job));
  return measureCommand([part, "job.yaml", "--json"], values.folder, `${part}.log`);
}

async function writeCsv(path) {
  const stream = createWriteStream(path);
  for (let row = 0; row < ROWS; row += 1000) {
    const block = Array.from({ length: Math.min(1000, ROWS - row) }, (_, at) => rowOf(row + at));
    if (!stream.write(stringify(block, { header: row === 0 }))) await new Promise((done) => stream.once("drain", done));
  }
  await new Promise((done) => void stream.end(done));
}

/** Writes the file; a row group is made in memory as a whole. */
async function writeParquet(path) {
  const leaf = (name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" });
  const list = (name) => [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
    leaf("role"),
    leaf("content"),
  ];
  const schema = [
    { name: "root", num_children: 4 },
    leaf("id"),
    ...list("conversation_a"),
    ...list("conversation_b"),
    leaf("winner"),
  ];
  const names = ["id", "conversation_a", "conversation_b", "winner"];
  const file = await open(path, "w");
  const bytes = new ByteWriter(1 << 20);
  const writer = new ParquetWriter({ writer: bytes, schema });
  const size = Math.ceil(ROWS / Number(values.groups));
  for (let start = 0; start < ROWS; start += size) {
    const rows = Array.from({ length: Math.min(size, ROWS - start) }, (_, at) => rowOf(start + at));
    const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]), offsetIndex: false }));
    await writer.write({ columnData, rowGroupSize: size });
    await file.write(bytes.getBytes());
    bytes.index = 0;
  }
  await writer.finish();
  await file.write(bytes.getBytes());
  await file.close();
}
