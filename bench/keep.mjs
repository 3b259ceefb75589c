/*
 * Measures what `engine: {keep: ...}` saves: the time from the command to the first scored row, of a run that starts the server and of one
 * that finds it.
 *
 * Run as: npm run build && node bench/keep.mjs --input rows.csv [--engine cpu-smollm2] [--rows 20] [--rounds 2]
 *
 * The runs of a round have a run folder each: "alone" starts and stops its server, "first" starts one and keeps it, "second" finds it.
 * `abtie engines` stops the server after each round. Prints a Markdown table; the exit status is 1 when a second run needs more than
 * half of the time of "alone".
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MAIN } from "./lib/job.mjs";
import { markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    input: { type: "string" },
    engine: { type: "string", default: "cpu-smollm2" },
    rows: { type: "string", default: "20" },
    rounds: { type: "string", default: "2" },
  },
});
if (values.input === undefined) throw new Error("--input is needed");
const folder = await mkdtemp(join(tmpdir(), "abtie-keep-"));
const home = process.env.ABTIE_HOME ?? join(homedir(), ".cache/abtie");
const shares = [];
try {
  const table = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const alone = await run("alone", null);
    const first = await run("first", "5m");
    const second = await run("second", "5m");
    abtie(["engines", "--stop", "all"]);
    shares.push(second.row / alone.row);
    table.push([round, ...[alone, first, second].flatMap(({ row, end }) => [row, end].map((s) => s.toFixed(1)))]);
    table.at(-1).push(shares.at(-1).toFixed(2));
    process.stderr.write(`${table.at(-1).join(" | ")}\n`);
  }
  const names = ["alone", "first", "second"].flatMap((name) => [`${name}: first row after, s`, "end after, s"]);
  markdown([["round", ...names, "second of alone"], ...table]);
} finally {
  abtie(["engines", "--stop", "all"]);
  await rm(folder, { recursive: true, force: true });
}
if (Math.max(...shares) > 0.5) process.exitCode = 1;

/** Runs the job once; returns the seconds from the command to its first row and to its end. */
async function run(name, keep) {
  const engine = { profile: values.engine, ...(keep === null ? {} : { keep }) };
  const config = { input: resolve(values.input), template: "rules", run: name, limit: Number(values.rows), engine };
  await writeFile(join(folder, `${name}.yaml`), JSON.stringify({ ...config, orders: "one" }));
  const began = Date.now();
  abtie(["run", `${name}.yaml`, "--fresh", "--force"]);
  const end = (Date.now() - began) / 1000;
  const journal = (await readFile(join(folder, name, "journal.jsonl"), "utf8")).trim().split("\n").map(JSON.parse);
  const { at } = journal.find(({ event }) => event === "row");
  return { row: (at - began) / 1000, end };
}

function abtie(args) {
  execFileSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ABTIE_HOME: home },
    stdio: ["ignore", "ignore", "pipe"],
  });
}
