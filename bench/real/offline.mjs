// Runs vLLM's offline engine, which is loaded once and used again in each round.
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../lib/processes.mjs";
import { vllmEnv } from "../lib/vllm.mjs";

/** Starts it. `run` scores all prompts once and returns rows, tokens and seconds. */
export async function startOffline({ folder }, { python, model, options }) {
  const script = fileURLToPath(new URL("offline_loop.py", import.meta.url));
  const log = openSync(join(folder, "offline.log"), "a");
  const child = spawn(python, [script, model, join(folder, "prompts.jsonl"), JSON.stringify(options)], {
    env: vllmEnv(),
    stdio: ["pipe", "pipe", log],
    detached: true,
  });
  const stop = endWithUs(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (isWanted) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the offline engine has ended: see ${join(folder, "offline.log")}`);
      if (isWanted(value)) return value;
    }
  };
  await next((line) => line === "READY");
  return {
    run: async () => {
      child.stdin.write("again\n");
      return JSON.parse(await next((line) => line.startsWith("{")));
    },
    [Symbol.asyncDispose]: async () => stop(),
  };
}
