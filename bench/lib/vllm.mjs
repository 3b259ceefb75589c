// Starts a real vLLM server for the benchmarks, and stops it with all its child processes.
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { answers, endWithUs, freePort } from "./processes.mjs";

/** The name under which the server serves its model. */
export const ENGINE = { name: "bench" };

/**
 * Starts a vLLM server; resolves when it answers. Disposing it stops its whole process group. The prefix cache is off, since
 * rounds repeat their rows. `args` and `env` are added.
 */
export async function startVllm({ python, model, dtype, folder, maxModelLen = "2048", args = [], env = {} }) {
  const port = await freePort();
  const log = openSync(join(folder, "server.log"), "a");
  const child = spawn(
    python,
    [
      ...["-m", "vllm.entrypoints.cli.main", "serve", model, "--dtype", dtype, "--enforce-eager"],
      ...["--max-model-len", maxModelLen, "--no-enable-prefix-caching", ...args],
      ...["--host", "127.0.0.1", "--port", port, "--served-model-name", ENGINE.name],
    ],
    { env: { ...vllmEnv(), ...env }, stdio: ["ignore", log, log], detached: true },
  );
  const stop = endWithUs(child);
  const url = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const ended = new AbortController();
  child.once("exit", (code) => ended.abort(new Error(`vLLM ended with ${code}`)));
  await answers(`${url}/health`, 900_000, ended.signal);
  return {
    url,
    pid: child.pid,
    readySeconds: (performance.now() - began) / 1000,
    [Symbol.asyncDispose]: async () => stop(),
  };
}

/** Empties the prefix cache of a server that was started with VLLM_SERVER_DEV_MODE=1: the page exists only in this mode. */
export async function emptyPrefixCache(url) {
  const emptied = await fetch(`${url}/reset_prefix_cache`, { method: "POST" });
  if (!emptied.ok) throw new Error(`the prefix cache was not emptied: ${emptied.status}`);
}

/** Gives the environment of vLLM: all cores on a machine without a GPU, no downloads, no usage statistics. */
export function vllmEnv() {
  return {
    ...process.env,
    VLLM_CPU_KVCACHE_SPACE: "2",
    VLLM_CPU_OMP_THREADS_BIND: "auto",
    VLLM_CPU_NUM_OF_RESERVED_CPU: "0",
    HF_HUB_OFFLINE: "1",
    HF_DATASETS_OFFLINE: "1",
    VLLM_NO_USAGE_STATS: "1",
    DO_NOT_TRACK: "1",
    TQDM_DISABLE: "1",
  };
}
