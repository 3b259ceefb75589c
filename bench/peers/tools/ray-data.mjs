// A Ray Data LLM job on this machine: it starts the engine in an actor. Without a GPU Ray is told of one, since its stage asks for one.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installBeside, readLines } from "../job.mjs";

export const RAY = "2.60.0";
const SCRIPT = fileURLToPath(new URL("ray_job.py", import.meta.url));

export const rayData = {
  name: `Ray Data LLM ${RAY}`,
  kinds: ["cold"],
  prepare: async (_, { python }) => {
    await installBeside(python, "ray", [`ray[data,serve]==${RAY}`]);
  },
  command: async ({ folder, labels }, { env, python, engineArgs, model }) => ({
    command: python,
    args: [SCRIPT, model, "chats.jsonl", "ray.jsonl", JSON.stringify(labels), ...engineArgs],
    env: { ...env, PYTHONPATH: await installBeside(python, "ray", []), RAY_USAGE_STATS_ENABLED: "0" },
    cwd: folder,
    file: join(folder, "ray.jsonl"),
  }),
  result: async ({ folder }) => {
    const lines = await readLines(join(folder, "ray.jsonl"));
    // Ray starts the engine within the execution of the dataset, so that the time of scoring alone is not known.
    return { scoring: null, logProbs: lines.map(({ logProbs }) => logProbs), note: "" };
  },
};
