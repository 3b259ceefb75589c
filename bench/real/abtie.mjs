// Runs abtie on a running server; the time is from the first request to the last.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MAIN } from "../lib/job.mjs";
import { output } from "../lib/processes.mjs";

/** Runs `abtie run --fresh` on the job, with further `flags`. */
export async function runAbtie({ folder }, url, flags = []) {
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", "--fresh", "--json", "--base-url", url, ...flags], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { seconds, session, usage, rows } = JSON.parse(await output(child, "abtie run"));
  if (rows.prior > 0) throw new Error(`${rows.prior} rows have no answer`);
  return { rows: session.scoredPrompts, tokens: session.promptTokens, seconds: seconds.scoring, usage };
}

/** Reads the log probabilities of the three labels of each row of the last run. */
export async function readingsOf({ folder }) {
  const lines = (await readFile(join(folder, "run/rows.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line).ab.logProbs);
}
