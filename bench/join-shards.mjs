#!/usr/bin/env node
// Measures `abtie join` on many shards of many rows: memory, time, and whether the submission has every row.
//   npm run build && node bench/join-shards.mjs [--shards 40] [--rows 250000] [--keep] [--folder /tmp/abtie-join]
// --rows is the mean number of rows of a shard. The input and the run folders of the shards (manifest, journal, rows.jsonl) are written
// without servers, as those of runs that were killed at their end: all answers are in the journal and none in rows.jsonl. With --keep the
// folders of the last time are joined again. Takes about 10 GB of disk for the usual size. Prints a Markdown table. The exit status
// is 1 when the processes of the join take more than 600 MB together, or the submission has another number of rows.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openConfig } from "../dist/job/open-config.js";
import { packageVersion } from "../dist/job/package-version.js";
import { loadTemplate } from "../dist/prompt/template/template.js";
import { createManifest } from "../dist/runfolder/manifest/check-manifest.js";
import { writeManifest } from "../dist/runfolder/manifest/manifest.js";
import { createShardMap } from "../dist/shard/map-shards.js";
import { createEffects } from "../dist/system.js";
import { measureCommand } from "./lib/measured-command.mjs";
import { markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    shards: { type: "string", default: "40" },
    rows: { type: "string", default: "250000" },
    keep: { type: "boolean", default: false },
    folder: { type: "string", default: "/tmp/abtie-join" },
  },
});
const SHARDS = Number(values.shards);
const ROWS = SHARDS * Number(values.rows);
const MOST_MB = 600;
const BEGAN = Date.UTC(2026, 0, 1);
const NEWLINE = 10;

if (!values.keep) await writeShards();
await rm(join(values.folder, "run/joined"), { recursive: true, force: true });
const { peak, peakOfAll, seconds, cpuSeconds } = await measureCommand(
  ["join", "job.yaml", "--json"],
  values.folder,
  "join.log",
);
const lines = await countLines(join(values.folder, "run/joined/submission.csv"));
markdown([
  ["shards", "rows of all", "MB of the largest process", "MB of all processes", "s", "CPU s", "rows in the submission"],
  [SHARDS, ROWS, peak.toFixed(0), peakOfAll.toFixed(0), seconds.toFixed(0), cpuSeconds.toFixed(0), lines - 1].map(
    String,
  ),
]);
if (peakOfAll > MOST_MB || lines - 1 !== ROWS) process.exitCode = 1;

/** Writes the input and the folders of the shards. */
async function writeShards() {
  await rm(values.folder, { recursive: true, force: true });
  await mkdir(values.folder, { recursive: true });
  const engine = { attach: "http://127.0.0.1:9" };
  await writeFile(
    join(values.folder, "job.yaml"),
    JSON.stringify({ input: "rows.csv", template: "rules", run: "run", orders: "one", engine }),
  );
  const map = createShardMap(SHARDS);
  const hash = createHash("sha256");
  await writeLines(join(values.folder, "rows.csv"), inputLines(map.add), (text) => hash.update(text));
  const data = hash.digest("hex");
  const { idHashes, counts, shards } = map.finish();
  const effects = createEffects({ cwd: values.folder });
  const version = await packageVersion();
  for (let index = 1; index <= SHARDS; index += 1) {
    const config = await openConfig("job.yaml", [{ from: "--shard", set: { shard: `${index}/${SHARDS}` } }], effects);
    const template = await loadTemplate(config.template, config.labels);
    const rows = { data, ids: idHashes[index - 1], count: counts[index - 1] };
    await mkdir(config.runFolder, { recursive: true });
    const manifest = await createManifest({ config, rows, template, version, effects });
    await writeManifest(join(config.runFolder, "manifest.json"), manifest, effects.disk);
    await writeLines(join(config.runFolder, "journal.jsonl"), journalLines(counts[index - 1], version));
    await writeLines(
      join(config.runFolder, "rows.jsonl"),
      recordLines((row) => shards[row] === index),
    );
  }
}

function* inputLines(add) {
  yield "id,prompt,response_a,response_b\n";
  for (let row = 0; row < ROWS; row += 1) {
    add(idOf(row));
    yield `${idOf(row)},Question ${row}?,The first answer.,The second answer.\n`;
  }
}

/** The journal of a run that was killed: every answer. */
function* journalLines(count, version) {
  yield `${JSON.stringify({ event: "session-start", at: BEGAN, format: 4, pid: 1, version })}\n`;
  for (let row = 0; row < count; row += 1) {
    const logProbs = [0.5, 1.5, 3].map((most) => -most * (1 + ((row * 7919) % 1000) / 1000));
    const answer = {
      logProbs,
      mass: 0.63,
      bounded: false,
      tokens: 60,
      cutTokens: 0,
      neutralised: 0,
      tokenBudget: null,
    };
    const request = { attempts: 1, request: 1 + (row >> 4), ms: 14, at: BEGAN + row };
    yield `${JSON.stringify({ event: "row", row, order: "ab", ...answer, ...request })}\n`;
  }
}

/** The first rows.jsonl of a shard: every row with the fallback. */
function* recordLines(holds) {
  const reading = { obtained: "prior", reason: "it was not asked", attempts: 0, ab: null, ba: null };
  for (let row = 0; row < ROWS; row += 1) {
    if (!holds(row)) continue;
    yield `${JSON.stringify({ id: idOf(row), probabilities: [0.35, 0.35, 0.3], ...reading })}\n`;
  }
}

function idOf(row) {
  return `row-${row}`;
}

/** Writes lines in pieces of a megabyte; `seen` gets each piece. */
async function writeLines(path, lines, seen = () => {}) {
  const file = await open(path, "w");
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < 1 << 20) continue;
    seen(piece);
    await file.write(piece);
    piece = "";
  }
  seen(piece);
  await file.write(piece);
  await file.close();
}

async function countLines(path) {
  let lines = 0;
  for await (const piece of createReadStream(path)) for (const byte of piece) if (byte === NEWLINE) lines += 1;
  return lines;
}
