/*
 * Measures the CPU time of the client for the same requests with the openai SDK and with the fetch that it uses.
 *
 * Run as: node bench/sdk-cost.mjs [--rows 20000] [--tokens 200]
 *
 * Starts the fake vLLM in a process of its own. Both ways send the same bodies through the same pool of undici and parse the
 * answers as JSON; they alternate, and the first round of each is not counted. Prints a Markdown table.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import OpenAI from "openai";
import { Agent, fetch } from "undici";
import { answers, freePort, markdown } from "./lib/processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: { rows: { type: "string", default: "20000" }, tokens: { type: "string", default: "200" } },
});
const CONCURRENCY = 16;
const ROUNDS = 4;
const LABELS = [288, 373, 377];

const port = await freePort();
const url = `http://127.0.0.1:${port}/v1`;
const fake = spawn(
  process.execPath,
  [
    here("../test/fixtures/engine/fake-vllm.mjs"),
    "serve",
    here("../test/fixtures/tokenizer/bytelevel"),
    "--port",
    port,
  ],
  { env: { PATH: process.env.PATH, FAKE_VLLM: JSON.stringify({ labels: LABELS, quiet: true }) }, stdio: "inherit" },
);
try {
  await answers(`http://127.0.0.1:${port}/health`);
  const dispatcher = new Agent({ connections: null, pipelining: 1, keepAliveTimeout: 1_000 });
  const sdk = new OpenAI({ apiKey: "EMPTY", baseURL: url, maxRetries: 0, fetch, fetchOptions: { dispatcher } });
  const ways = {
    "openai SDK": (body) => sdk.post("/completions", { body }),
    "fetch of undici": async (body) => {
      const headers = { "content-type": "application/json", authorization: "Bearer EMPTY" };
      const init = { method: "POST", headers, body: JSON.stringify(body), dispatcher };
      return (await fetch(`${url}/completions`, init)).json();
    },
  };
  const rows = [];
  for (const perRequest of [1, 4, 16, 64]) {
    const cpu = await measure(ways, Math.ceil(Number(values.rows) / perRequest / (perRequest < 4 ? 8 : 1)), perRequest);
    rows.push([
      String(perRequest),
      ...Object.keys(ways).map((name) => cpu[name].toFixed(1)),
      (cpu["openai SDK"] - cpu["fetch of undici"]).toFixed(1),
    ]);
  }
  markdown([
    ["prompts a request", ...Object.keys(ways).map((name) => `${name}, µs of CPU a row`), "difference"],
    ...rows,
  ]);
  await dispatcher.close();
} finally {
  fake.kill();
}

/** Measures the CPU time of this process per row for each way, in µs. */
async function measure(ways, requests, perRequest) {
  const ids = Array.from({ length: Number(values.tokens) }, (_, k) => 300 + ((k * 37) % 500));
  const prompt = Array.from({ length: perRequest }, () => ids);
  const body = { model: "fake", prompt, max_tokens: 1, temperature: 0, return_tokens_as_token_ids: true };
  const used = Object.fromEntries(Object.keys(ways).map((name) => [name, 0]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const before = process.cpuUsage();
      let left = requests;
      const worker = async () => {
        for (; left > 0; ) {
          left -= 1;
          await way({ ...body, logprobs: 0, logprob_token_ids: LABELS });
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      const { user, system } = process.cpuUsage(before);
      if (round > 0) used[name] += (user + system) / (ROUNDS * requests * perRequest);
    }
  }
  return used;
}
