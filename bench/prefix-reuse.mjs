/*
 * Measures which share of the prompt tokens a real vLLM finds in its prefix cache: in one order, in the pass of the swapped order, and in
 * a comparison of several templates on the same rows.
 *
 * Run as: npm run build && node bench/prefix-reuse.mjs --python VENV/bin/python --model FOLDER --input pandalm.csv
 *           [--rows 160] [--templates rules,notebook,turns] [--args '--load-format dummy']
 *
 * The rows are the shortest of the file in order of their length. The prefix cache is emptied before each run, and the counters are those
 * of /metrics. The share depends on the prompts and the size of the cache, not on the weights: so dummy weights and few layers
 * (--hf-overrides) do on a slow machine. The swapped pass is what a run in both orders asks beyond a run in one.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseMetrics } from "../dist/engine/capabilities/metrics.js";
import { MAIN } from "./lib/job.mjs";
import { markdown, output } from "./lib/processes.mjs";
import { writeShortest } from "./lib/shortest-rows.mjs";
import { emptyPrefixCache, startVllm } from "./lib/vllm.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    rows: { type: "string", default: "160" },
    templates: { type: "string", default: "rules,notebook,turns" },
    args: { type: "string", default: "" },
  },
});
const { python, model, input } = values;
if ([python, model, input].includes(undefined)) throw new Error("--python, --model and --input are needed");
const templates = values.templates.split(",");
const folder = await mkdtemp(join(tmpdir(), "abtie-bench-"));
const server = await startVllm({
  python,
  model,
  dtype: "float32",
  folder,
  args: ["--enable-prefix-caching", ...values.args.split(" ").filter((arg) => arg !== "")],
  // The page that empties the prefix cache exists only in this mode.
  env: { VLLM_SERVER_DEV_MODE: "1" },
});
try {
  await main(server.url);
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function main(url) {
  await writeShortest(join(folder, "rows.csv"), { input, rows: Number(values.rows) });
  const engine = { tokenizer: resolve(model), max_model_len: 2048 };
  for (const orders of ["one", "both"]) {
    await writeFile(join(folder, `${orders}.yaml`), JSON.stringify({ input: "rows.csv", run: "run", orders, engine }));
  }
  const table = [];
  const alone = { asked: 0, found: 0 };
  for (const template of templates) {
    const one = await measure(url, ["run", "one.yaml", "-t", template]);
    const both = await measure(url, ["run", "both.yaml", "-t", template]);
    alone.asked += both.asked;
    alone.found += both.found;
    table.push([template, "one order", ...cells(one)]);
    table.push([template, "swapped pass", ...cells({ asked: both.asked - one.asked, found: both.found - one.found })]);
  }
  const flags = templates.flatMap((template) => ["-t", template]);
  const compared = await measure(url, ["compare", "both.yaml", ...flags]);
  table.push(["all", "both orders, one run after another", ...cells(alone)]);
  table.push(["all", "both orders, abtie compare (with the sample that is scored again)", ...cells(compared)]);
  markdown([["template", "what", "prompt tokens", "found in the cache", "computed"], ...table]);
}

/** Runs abtie with an empty cache; returns how many prompt tokens the server looked up, and how many it found. */
async function measure(url, args) {
  await emptyPrefixCache(url);
  const before = await counters(url);
  const flags = ["--fresh", "--force", "--json", "--base-url", url];
  const child = spawn(process.execPath, [MAIN, ...args, ...flags], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  await output(child, `abtie ${args.join(" ")}`);
  const after = await counters(url);
  return { asked: after.asked - before.asked, found: after.found - before.found };
}

async function counters(url) {
  const metrics = parseMetrics(await (await fetch(`${url}/metrics`)).text());
  const { prefixCacheQueries: asked = null, prefixCacheHits: found = null } = metrics ?? {};
  if (asked === null || found === null) throw new Error("the server does not report its prefix cache");
  return { asked, found };
}

function cells({ asked, found }) {
  return [asked.toFixed(0), `${((100 * found) / asked).toFixed(1)} %`, `${(100 - (100 * found) / asked).toFixed(1)} %`];
}
