// The loop of contest notebooks: offline LLM.generate in batches, in one Python program that writes a submission at its end.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readLines } from "../job.mjs";

const SCRIPT = fileURLToPath(new URL("notebook_loop.py", import.meta.url));

export const notebook = {
  name: "notebook's loop (LLM.generate)",
  kinds: ["cold"],
  prepare: async () => {},
  command: async ({ folder, labels }, { env, python, engineArgs, model }) => ({
    command: python,
    args: [SCRIPT, model, "chats.jsonl", "notebook.jsonl", JSON.stringify(labels), ...engineArgs],
    env,
    cwd: folder,
    file: join(folder, "notebook.jsonl"),
  }),
  result: async ({ folder }, { stdout }) => {
    // The engine's log comes behind it.
    const { seconds } = JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("{")));
    const lines = await readLines(join(folder, "notebook.jsonl"));
    return { scoring: seconds, logProbs: lines.map(({ logProbs }) => logProbs), note: "" };
  },
};
