// Runs abtie on a running server; the time is from the first request to the last.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MAIN } from "../lib/job.mjs";
import { output, treeCpuSeconds } from "../lib/processes.mjs";

/**
 * Runs `abtie run --fresh` on the job, with further `flags`. `seconds` are those of scoring, `wallSeconds` those from the command to its
 * end, `cpuSeconds` those of abtie's processes up to half a second before the end.
 */
export async function runAbtie({ folder }, url, flags = []) {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", "--fresh", "--json", "--base-url", url, ...flags], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let cpuSeconds = 0;
  const timer = setInterval(async () => {
    cpuSeconds = Math.max(cpuSeconds, await treeCpuSeconds(child.pid).catch(() => 0));
  }, 500);
  const text = await output(child, "abtie run").finally(() => clearInterval(timer));
  const { seconds, session, usage, rows } = JSON.parse(text);
  if (rows.prior > 0) throw new Error(`${rows.prior} rows have no answer`);
  const wallSeconds = (performance.now() - began) / 1000;
  const [scored, tokens] = [session.scoredPrompts, session.promptTokens];
  return { rows: scored, tokens, seconds: seconds.scoring, wallSeconds, cpuSeconds, usage };
}

/** Reads the log probabilities of the three labels of each row of the last run. */
export async function readingsOf({ folder }) {
  const lines = (await readFile(join(folder, "run/rows.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line).ab.logProbs);
}
