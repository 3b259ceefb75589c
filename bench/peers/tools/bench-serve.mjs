// vllm bench serve on a running server: it measures speed and gives no probabilities. All requests are in flight at once, its default.
import { join } from "node:path";
import { benchServeArgs } from "../../real/bench-serve.mjs";
import { installBeside, readLines } from "../job.mjs";

export const benchServe = {
  name: "vllm bench serve",
  kinds: ["warm"],
  prepare: async (_, { python }) => {
    await installBeside(python, "pandas", ["pandas"]);
  },
  command: async ({ folder, model, rows }, { env, python, url }) => ({
    command: python,
    args: benchServeArgs({ folder, url, model, rows, concurrency: null }),
    env: { ...env, PYTHONPATH: await installBeside(python, "pandas", []) },
    cwd: folder,
    file: join(folder, "bench-serve.json"),
  }),
  result: async ({ folder }) => {
    const [{ duration, completed, failed }] = await readLines(join(folder, "bench-serve.json"));
    return { scoring: duration, logProbs: null, note: failed > 0 ? `${completed} completed, ${failed} failed` : "" };
  },
};
