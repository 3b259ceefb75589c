// Inspect on a running server: its vLLM provider, many connections, log probabilities.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readLines, TOOLS_FOLDER } from "../job.mjs";

export const INSPECT = "0.3.285";
const VENV = join(TOOLS_FOLDER, "inspect");
const SCRIPT = fileURLToPath(new URL("inspect_task.py", import.meta.url));

export const inspect = {
  name: `Inspect ${INSPECT}`,
  kinds: ["warm"],
  prepare: async () => {
    if (existsSync(join(VENV, "bin/inspect"))) return;
    execFileSync("python3", ["-m", "venv", VENV]);
    execFileSync(join(VENV, "bin/pip"), ["-q", "install", `inspect-ai==${INSPECT}`, "openai"]);
  },
  command: async ({ folder, labels, served }, { env, url }) => {
    await rm(join(folder, "inspect-logs"), { recursive: true, force: true });
    return {
      command: join(VENV, "bin/python"),
      args: [SCRIPT, "chats.jsonl", "inspect.jsonl", JSON.stringify(labels), `vllm/${served}`],
      env: { ...env, VLLM_BASE_URL: `${url}/v1`, VLLM_API_KEY: "none", INSPECT_LOG_DIR: join(folder, "inspect-logs") },
      cwd: folder,
      file: join(folder, "inspect.jsonl"),
    };
  },
  result: async ({ folder }, { stdout }) => {
    const { seconds, status } = JSON.parse(stdout.trim().split("\n").at(-1));
    const lines = await readLines(join(folder, "inspect.jsonl"));
    return {
      scoring: seconds,
      logProbs: lines.map(({ logProbs }) => logProbs),
      note: status === "success" ? "" : status,
    };
  },
};
