#!/usr/bin/env node
// Makes the picture of a good run in README.md: the shortest 1,000 rows of some files of pairs, judged by the small model of
// `abtie setup` on vLLM's CPU build, with a deadline. Prints what a person sees without a terminal, and the summary.
//   npm run build && node dist/cli/main.js setup && node bench/readme-run.mjs pandalm.csv vicuna80.csv [--rows 1000] [--deadline 30m]
// pandalm.csv and vicuna80.csv: PandaLM's test set and the votes on Vicuna's 80 questions, with the columns of the README. The README
// shows three of the progress lines.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { MAIN } from "./lib/job.mjs";

const { values, positionals } = parseArgs({
  options: { rows: { type: "string", default: "1000" }, deadline: { type: "string", default: "30m" } },
  allowPositionals: true,
});
const tables = await Promise.all(positionals.map(async (file) => parse(await readFile(file), { columns: true })));
const texts = ["prompt", "response_a", "response_b"];
const length = (row) => texts.reduce((sum, name) => sum + row[name].length, 0);
const chosen = tables
  .flat()
  .sort((one, other) => length(one) - length(other))
  .slice(0, Number(values.rows))
  .map((row, index) => Object.fromEntries([["id", index], ...texts.map((name) => [name, row[name]])]));
if (chosen.length < Number(values.rows)) throw new Error(`the files have ${chosen.length} rows`);
const folder = await mkdtemp(join(tmpdir(), "abtie-readme-"));
await writeFile(join(folder, "rows.csv"), stringify(chosen, { header: true }));
const job = {
  input: "rows.csv",
  output: "submission.csv",
  engine: "cpu-smollm2",
  template: "rules",
  run: "run",
  orders: "one",
};
await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
const child = spawn(process.execPath, [MAIN, "run", "job.yaml", "--deadline", values.deadline], {
  cwd: folder,
  stdio: "inherit",
});
const [status] = await once(child, "close");
process.stdout.write(`${folder}\n`);
process.exit(status);
