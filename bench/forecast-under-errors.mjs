#!/usr/bin/env node
// Measures the error of a run's forecast on a real vLLM server, and whether failed requests change it: the same rows once on the
// server itself, and once through a proxy that fails a quarter of the requests (HTTP 500, and 400 for a prompt that is too long).
//   npm run build
//   node bench/forecast-under-errors.mjs --python ~/venv/bin/python --model ~/SmolLM2-135M-Instruct --input rows.csv \
//     [--rows 300] [--context 512] [--share 0.25] [--batch-tokens 512] [--rounds 1] [--folder /tmp/x]
// vLLM computes a batch of tokens at a time. With its default of 2,048 tokens, a tenth of 300 short rows is two or three batches, and
// the first is slow: too few for a forecast. A job of 25,000 rows has thousands of batches; 512 tokens give this small job a hundred.
// Prints for each run its time, and the error of the forecast of the time left at 2, 10 and 50 % of the rows (above 0: the run
// ended earlier than forecast). The exit status is 1 when a forecast was more than 10 % off at 10 % of the rows.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MAIN, writeJob } from "./lib/job.mjs";
import { markdown, output } from "./lib/processes.mjs";
import { startVllm } from "./lib/vllm.mjs";
import { startFlakyProxy } from "./real/flaky-proxy.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    folder: { type: "string" },
    rows: { type: "string", default: "300" },
    context: { type: "string", default: "512" },
    share: { type: "string", default: "0.25" },
    dtype: { type: "string", default: "bfloat16" },
    "batch-tokens": { type: "string", default: "512" },
    rounds: { type: "string", default: "1" },
  },
});
const { python, model, input, dtype } = values;
const folder = values.folder ?? (await mkdtemp(join(tmpdir(), "abtie-forecast-")));
await mkdir(folder, { recursive: true });
const job = await writeJob({ folder, input, rows: Number(values.rows), model, context: Number(values.context) });

async function score(name, url) {
  const flags = ["--fresh", "--json", "--run", join(folder, name), "--base-url", url];
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", ...flags], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { seconds, session, rows, forecasts } = JSON.parse(await output(child, "abtie run"));
  process.stderr.write(`${name}: ${JSON.stringify({ seconds, session, rows, forecasts })}\n`);
  return { name, seconds: seconds.scoring, session, prior: rows.prior, forecasts };
}

const args = ["--max-num-batched-tokens", values["batch-tokens"]];
const server = await startVllm({ python, model, dtype, folder, args });
const proxy = await startFlakyProxy(server.url, Number(values.share));
const runs = [];
for (let round = 0; round < Number(values.rounds); round++) {
  proxy.forget();
  runs.push(await score("without", server.url), await score("with errors", proxy.url));
}
await proxy[Symbol.asyncDispose]();
await server[Symbol.asyncDispose]();

const off = ({ forecasts }, share) => forecasts.find((one) => one.share === share);
const percent = (one) =>
  one === undefined ? "–" : `${(100 * one.error).toFixed(1)} %${one.covered ? "" : " (not in the interval)"}`;
markdown([
  [
    "run",
    "rows",
    "tokens",
    "requests",
    "of them failed",
    "without answer",
    "seconds",
    "off at 2 %",
    "off at 10 %",
    "off at 50 %",
  ],
  ...runs.map((run) => [
    run.name,
    job.ids.length,
    job.tokens,
    run.session.requests,
    run.session.failedRequests,
    run.prior,
    run.seconds.toFixed(0),
    ...[0.02, 0.1, 0.5].map((share) => percent(off(run, share))),
  ]),
]);
process.exitCode = runs.every((run) => Math.abs(off(run, 0.1)?.error ?? 1) <= 0.1) ? 0 : 1;
