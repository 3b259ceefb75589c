/*
 * Compares what abtie keeps in flight on one running vLLM with its prefix cache on, as users have it: the setting that a run finds by
 * itself, and fixed ones.
 *
 * Run as: npm run build && node bench/in-flight.mjs --python VENV/bin/python --model FOLDER --input pandalm.csv
 *           [--rows 700] [--rounds 3] [--settings found,64x1,1x700] [--url http://127.0.0.1:PORT] [--no-warm-up] [--force]
 *
 * With --url the script uses a server that runs already, which must have been started with VLLM_SERVER_DEV_MODE=1: so several calls can
 * share one start. The CPU seconds of the server are then unknown. --force goes on with a model that answers no label, such as one with
 * dummy weights.
 * The rows are the shortest of the file in order of their length, by the template `rules`, in one order. The settings take turns; before
 * each run the prefix cache is emptied. Prints for each run the seconds of scoring, rows/s, requests, and the CPU seconds of the
 * server and of abtie: on a machine with other work these compare better than the seconds.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MAIN } from "./lib/job.mjs";
import { markdown, output, treeCpuSeconds } from "./lib/processes.mjs";
import { writeShortest } from "./lib/shortest-rows.mjs";
import { emptyPrefixCache, startVllm } from "./lib/vllm.mjs";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    rows: { type: "string", default: "700" },
    rounds: { type: "string", default: "3" },
    settings: { type: "string", default: "found,64x1,1x700" },
    url: { type: "string" },
    "warm-up": { type: "boolean", default: true },
    force: { type: "boolean", default: false },
  },
});
const { python, model, input } = values;
if ((python ?? values.url) === undefined || model === undefined || input === undefined) {
  throw new Error("--model, --input, and --python or --url are needed");
}
const rows = Number(values.rows);
const folder = await mkdtemp(join(tmpdir(), "abtie-bench-"));
const server = values.url === undefined ? await start() : { url: values.url, pid: null };
try {
  await writeJob();
  const table = [];
  for (let round = values["warm-up"] ? 0 : 1; round <= Number(values.rounds); round += 1) {
    for (const setting of values.settings.split(",")) {
      const line = await measure(setting);
      // The first round warms the server up.
      if (round > 0) table.push([round, ...line]);
      process.stderr.write(`${round === 0 ? "warm-up" : round} | ${line.join(" | ")}\n`);
    }
  }
  markdown([["round", "setting", "seconds", "rows/s", "requests", "CPU s of the server", "CPU s of abtie"], ...table]);
} finally {
  await server[Symbol.asyncDispose]?.();
  await rm(folder, { recursive: true, force: true });
}

async function start() {
  const server = await startVllm({
    python,
    model,
    dtype: "float32",
    folder,
    args: ["--enable-prefix-caching"],
    // The page that empties the prefix cache exists only in this mode.
    env: { VLLM_SERVER_DEV_MODE: "1" },
  });
  process.stderr.write(`vLLM answers after ${server.readySeconds.toFixed(0)} s\n`);
  return server;
}

async function writeJob() {
  await writeShortest(join(folder, "rows.csv"), { input, rows });
  const engine = { tokenizer: resolve(model), max_model_len: 2048 };
  const config = { input: "rows.csv", template: "rules", run: "run", orders: "one", engine };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(config));
}

async function measure(setting) {
  await emptyPrefixCache(server.url);
  const [requests, prompts] = setting.split("x");
  const fixed = setting === "found" ? [] : ["-j", requests, "--set", `prompts_per_request=${prompts}`];
  const serverSeconds = async () => (server.pid === null ? Number.NaN : treeCpuSeconds(server.pid));
  const before = await serverSeconds();
  const child = spawn(
    process.execPath,
    [
      MAIN,
      "run",
      "job.yaml",
      "--fresh",
      "--json",
      "--base-url",
      server.url,
      ...fixed,
      ...(values.force ? ["--force"] : []),
    ],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  let own = 0;
  const timer = setInterval(async () => {
    own = Math.max(own, await treeCpuSeconds(child.pid).catch(() => 0));
  }, 500);
  const { seconds, session } = JSON.parse(await output(child, "abtie run"));
  clearInterval(timer);
  const used = (await serverSeconds()) - before;
  const speed = session.scoredPrompts / seconds.scoring;
  return [setting, seconds.scoring.toFixed(1), speed.toFixed(2), session.requests, used.toFixed(1), own.toFixed(1)];
}
