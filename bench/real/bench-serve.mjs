// Runs `vllm bench serve` on the same prompts as text.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { output } from "../lib/processes.mjs";
import { ENGINE, vllmEnv } from "../lib/vllm.mjs";

/** Runs it with so many requests in flight, one prompt each. Returns the tokens and the duration that it reports. */
export async function benchServe({ folder, texts }, url, { python, model, extra, concurrency, rows = texts.length }) {
  const args = benchServeArgs({ folder, url, model, rows, concurrency });
  const env = { ...vllmEnv(), PYTHONPATH: extra };
  const child = spawn(python, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  await output(child, "vllm bench serve");
  const result = JSON.parse(await readFile(join(folder, "bench-serve.json"), "utf8"));
  if (result.completed !== rows) throw new Error(`vllm bench serve completed ${result.completed} of ${rows}`);
  return { rows, tokens: result.total_input_tokens, seconds: result.duration };
}

/** Gives its arguments: all rows of texts.jsonl, so many requests in flight (null: all at once), the result in bench-serve.json. */
export function benchServeArgs({ folder, url, model, rows, concurrency }) {
  return [
    ...["-m", "vllm.entrypoints.cli.main", "bench", "serve", "--backend", "openai", "--base-url", url],
    ...["--model", ENGINE.name, "--tokenizer", model, "--endpoint", "/v1/completions"],
    ...["--dataset-name", "custom", "--dataset-path", join(folder, "texts.jsonl"), "--custom-output-len", "1"],
    ...["--skip-chat-template", "--disable-shuffle", "--no-oversample", "--num-prompts", String(rows)],
    ...(concurrency === null ? [] : ["--max-concurrency", String(concurrency)]),
    ...["--disable-tqdm", "--save-result", "--result-dir", folder, "--result-filename", "bench-serve.json"],
  ];
}
