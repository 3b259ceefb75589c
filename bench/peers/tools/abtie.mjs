// abtie run: it starts the server itself (cold), or uses one that runs (warm).
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { MAIN } from "../../lib/job.mjs";
import { readLines } from "../job.mjs";

export const abtie = {
  name: "abtie run",
  kinds: ["cold", "warm"],
  prepare: async () => {},
  command: async ({ folder }, { url, env, flags = [] }) => {
    // The journal of an earlier run would pass for a first result.
    await rm(join(folder, "run"), { recursive: true, force: true });
    return {
      command: process.execPath,
      args: url === null ? [...run("cold.yaml"), ...flags] : [...run("warm.yaml"), "--base-url", url, ...flags],
      env,
      cwd: folder,
      file: join(folder, "submission.csv"),
      hasFirst: async () =>
        /"event":"row"/.test(await readFile(join(folder, "run/journal.jsonl"), "utf8").catch(() => "")),
    };
  },
  result: async ({ folder }, { stdout }) => {
    const { seconds, rows } = JSON.parse(stdout);
    const lines = await readLines(join(folder, "run/rows.jsonl"));
    const logProbs = lines.map(({ ab }) => ab?.logProbs ?? null);
    return { scoring: seconds.scoring, logProbs, note: rows.prior > 0 ? `${rows.prior} rows have the fallback` : "" };
  },
};

/** The same, and the processes of the server are forked, which vLLM's own command does not do unless it is told to. */
export const abtieForked = {
  ...abtie,
  name: "abtie run, forked server",
  kinds: ["cold"],
  command: (job, context) =>
    abtie.command(job, { ...context, env: { ...context.env, VLLM_WORKER_MULTIPROC_METHOD: "fork" } }),
};

function run(config) {
  return [MAIN, "run", config, "--fresh", "--force", "--json"];
}
