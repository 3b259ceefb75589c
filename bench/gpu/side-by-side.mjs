/*
 * Compares `abtie run` with offline LLM.generate on one GPU: the same rows, both engines loaded at once, in alternating rounds.
 *
 * Run as: node bench/gpu/side-by-side.mjs --model FOLDER --rows 300 --words 760 [--rounds 3] [--memory 0.42] [--python python3]
 *           [--max-model-len 4096] [--folder DIR] [--until SECONDS]
 *
 * FOLDER needs only config.json and a tokenizer, since weights are dummies. Prints a Markdown table of the rounds. After --until
 * seconds no further round begins.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeJob } from "../lib/job.mjs";
import { markdown } from "../lib/processes.mjs";
import { startVllm } from "../lib/vllm.mjs";
import { runAbtie } from "../real/abtie.mjs";
import { startOffline } from "../real/offline.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    rows: { type: "string", default: "300" },
    words: { type: "string", default: "760" },
    rounds: { type: "string", default: "3" },
    memory: { type: "string", default: "0.42" },
    python: { type: "string", default: "python3" },
    "max-model-len": { type: "string", default: "4096" },
    folder: { type: "string", default: "/tmp/abtie-gpu" },
    until: { type: "string", default: "240" },
  },
});
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const { model, python, folder } = values;
const maxModelLen = values["max-model-len"];
mkdirSync(folder, { recursive: true });
const input = join(folder, "made.csv");
const maker = fileURLToPath(new URL("rows.py", import.meta.url));
writeFileSync(input, execFileSync(python, [maker, values.rows, values.words, "7"], { maxBuffer: 2 ** 30 }));
const job = await writeJob({ folder, input, rows: Number(values.rows), model, context: Number(maxModelLen) - 2 });

// Both are loaded together; an engine without requests does not slow the other.
const [server, offline] = await Promise.all([
  startVllm({
    python,
    model,
    dtype: "half",
    folder,
    maxModelLen,
    args: ["--load-format", "dummy", "--gpu-memory-utilization", values.memory],
  }),
  startOffline(job, {
    python,
    model,
    options: {
      dtype: "half",
      load_format: "dummy",
      max_model_len: Number(maxModelLen),
      gpu_memory_utilization: Number(values.memory),
    },
  }),
]).catch((error) => {
  for (const name of ["server.log", "offline.log"]) console.error(tail(join(folder, name)));
  throw error;
});
try {
  const { ids, tokens } = job;
  console.log(
    `${ids.length} rows of ${(tokens / ids.length).toFixed(0)} tokens; both engines ready after ${elapsed().toFixed(0)} s\n`,
  );
  // Kernels for the shapes of this job are compiled on their first use.
  await runAbtie(job, server.url, ["--limit", String(Math.min(ids.length, 256))]);
  const table = [];
  for (let round = 1; round <= Number(values.rounds) && (round === 1 || elapsed() < Number(values.until)); round += 1) {
    const first = round % 2 === 1 ? await runAbtie(job, server.url) : null;
    const engine = await offline.run();
    const own = first ?? (await runAbtie(job, server.url));
    const [abtieSpeed, offlineSpeed] = [own.tokens / own.seconds, engine.tokens / engine.seconds];
    const [{ concurrency, promptsPerRequest }] = own.usage.engines;
    table.push([
      String(round),
      offlineSpeed.toFixed(0),
      (engine.rows / engine.seconds).toFixed(1),
      abtieSpeed.toFixed(0),
      (own.rows / own.seconds).toFixed(1),
      (abtieSpeed / offlineSpeed).toFixed(3),
      `${concurrency} x ${promptsPerRequest}`,
      `${((100 * own.usage.saturatedSeconds) / own.usage.seconds).toFixed(0)} %`,
      own.usage.ratio?.toFixed(3) ?? "",
    ]);
    console.error(`round ${round}: ${(abtieSpeed / offlineSpeed).toFixed(3)} at ${elapsed().toFixed(0)} s`);
  }
  markdown([
    [
      "round",
      "LLM.generate tokens/s",
      "rows/s",
      "abtie run tokens/s",
      "rows/s",
      "ratio",
      "in flight at the end",
      "full",
      "of its own best",
    ],
    ...table,
  ]);
} finally {
  await offline[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
}

function tail(path) {
  try {
    return `${path}\n${readFileSync(path, "utf8").slice(-3000)}`;
  } catch {
    return `${path}: nothing`;
  }
}
