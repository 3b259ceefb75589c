/*
 * Measures the speed of undici alone against the fake server, with tokens prepared: the ceiling for abtie's client.
 *
 * Run as: node bench/client-ceiling.mjs --keep /tmp/ceiling && node bench/prepared-prompts.mjs /tmp/ceiling/job.yaml prompts.jsonl
 *         node bench/raw-undici.mjs prompts.jsonl [--concurrency 16] [--prompts 64]
 *
 * Sends the same bodies as abtie and parses the answers as JSON without reading them. Starts the fake vLLM in a process
 * of its own. Prints rows/s and the CPU time of both sides.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { answers, cpuSeconds, freePort, markdown } from "./lib/processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: "string", default: "16" }, prompts: { type: "string", default: "64" } },
});
const [concurrency, perRequest] = [Number(values.concurrency), Number(values.prompts)];
const prompts = (await readFile(positionals[0], "utf8"))
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const port = await freePort();
const tokenizer = here("../launch/fake-model");
const fake = spawn(
  process.execPath,
  [here("../test/fixtures/engine/fake-vllm.mjs"), "serve", tokenizer, "--port", port],
  {
    env: { PATH: process.env.PATH, FAKE_VLLM: JSON.stringify({ labels: [288, 373, 377], quiet: true }) },
    stdio: "inherit",
  },
);
try {
  await answers(`http://127.0.0.1:${port}/health`);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: concurrency, pipelining: 1 });
  const { body: models } = await pool.request({ path: "/v1/models", method: "GET" });
  const model = (await models.json()).data[0].id;
  const before = { server: await cpuSeconds(fake.pid), client: process.cpuUsage() };
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < prompts.length) {
      const prompt = prompts.slice(next, next + perRequest);
      next += perRequest;
      const body = JSON.stringify({
        model,
        prompt,
        max_tokens: 1,
        temperature: 0,
        return_tokens_as_token_ids: true,
        logprobs: 0,
        logprob_token_ids: [288, 373, 377],
      });
      const headers = { "content-type": "application/json", authorization: "Bearer EMPTY" };
      const answer = await pool.request({ path: "/v1/completions", method: "POST", headers, body });
      await answer.body.json();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(before.client);
  const client = (used.user + used.system) / 1e6;
  const server = (await cpuSeconds(fake.pid)) - before.server;
  markdown([
    ["raw undici", "rows/s", "rows per CPU second, client", "rows per CPU second, server", "load"],
    [
      `${prompts.length} rows, ${concurrency} x ${perRequest}`,
      (prompts.length / seconds).toFixed(0),
      (prompts.length / client).toFixed(0),
      (prompts.length / server).toFixed(0),
      loadavg()[0].toFixed(1),
    ],
  ]);
  await pool.close();
} finally {
  fake.kill();
}
