/*
 * Compares what abtie gets from a LoRA adapter on real vLLM on the CPU with plain forward passes of the merged model.
 *
 * Run as: npm run build && node bench/lora.mjs --python VENV/bin/python --model FOLDER [--rows 16] [--folder /tmp/abtie-lora]
 *
 * bench/lib/lora_adapter.py writes a random adapter and the merged model W + scale * B A. vLLM serves the base model with the
 * adapter; its card in /v1/models has no max_model_len. abtie scores rows of examples/rows.csv with the adapter, without `context` and
 * without engine.max_model_len, once with the tokenizer's folder and once with `tokenizer: false`. The same rows are scored by the base
 * model too, to show that the adapter changes the numbers. Prints a Markdown table; the exit status is 1 when a difference from the
 * merged model exceeds 1e-3 nats.
 */
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureRun } from "./lib/measured-run.mjs";
import { markdown, output } from "./lib/processes.mjs";
import { ENGINE, startVllm } from "./lib/vllm.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    rows: { type: "string", default: "16" },
    folder: { type: "string", default: "/tmp/abtie-lora" },
  },
});
const { python, folder } = values;
if (python === undefined || values.model === undefined) throw new Error("--python and --model are needed");
const model = resolve(values.model);
const LIMIT = 1e-3;
const RANK = "8";
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const [adapter, merged] = [join(folder, "adapter"), join(folder, "merged")];
const program = [here("lib/lora_adapter.py"), model, adapter, merged, "--rank", RANK];
process.stderr.write(await output(spawn(python, program, { stdio: ["ignore", "pipe", "pipe"] }), "lora_adapter.py"));
const args = ["--enable-lora", "--max-lora-rank", RANK, "--lora-modules", `judge=${adapter}`];
const server = await startVllm({ python, model, dtype: "float32", folder, args });
try {
  const cards = (await (await fetch(`${server.url}/v1/models`)).json()).data;
  const card = cards.find(({ id }) => id === "judge");
  console.log(
    `vLLM lists the adapter with parent ${card.parent}, max_model_len ${card.max_model_len}; ready after ${server.readySeconds.toFixed(0)} s\n`,
  );
  const measure = (name, served, tokenizer, forwardModel) =>
    measureRun({
      python,
      forwardModel,
      folder: join(folder, name),
      url: server.url,
      config: { template: "rules", limit: Number(values.rows), engine: { model: served, tokenizer } },
    });
  const runs = {
    "adapter, tokenizer FOLDER, against the merged model": await measure("folder", "judge", model, merged),
    "adapter, tokenizer false, against the merged model": await measure("server", "judge", false, merged),
    "base model against itself": await measure("base", ENGINE.name, model, model),
  };
  const show = (run) => run.refused ?? run.largest.toExponential(1);
  markdown([
    ["run", "rows", "tokens", "largest difference", "label mass"],
    ...Object.entries(runs).map(([name, run]) => [
      name,
      String(run.sent?.length ?? 0),
      String(run.tokens ?? 0),
      show(run),
      run.mass?.toPrecision(2) ?? "",
    ]),
  ]);
  const [first, , base] = Object.values(runs);
  const moved = first.expected?.flatMap((row, at) =>
    row.map((value, label) => Math.abs(value - base.expected[at][label])),
  );
  if (moved !== undefined)
    console.log(`\nthe adapter moves a label's log probability by up to ${Math.max(...moved).toFixed(2)} nats`);
  process.exitCode = Object.values(runs).every(({ largest }) => largest <= LIMIT) ? 0 : 1;
} finally {
  await server[Symbol.asyncDispose]();
}
