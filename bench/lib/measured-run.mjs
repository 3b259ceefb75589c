// One run of abtie on a real server, held against plain forward passes on the token ids that were sent.
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MAIN } from "./job.mjs";
import { output } from "./processes.mjs";
import { startRecordingProxy } from "./recording-proxy.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Runs abtie on examples/rows.csv through a recording proxy before the server at `url`, one prompt a request. `forwardModel` is the
 * folder of the model for the forward passes, `config` has further keys of the config. Returns the ids that were sent for each row,
 * their number of tokens, the largest difference of a label's log probability (nats), the median label mass, and the expected log
 * probabilities; or the last line of abtie's message when it refused.
 */
export async function measureRun({ python, forwardModel, folder, url, config }) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const proxy = await startRecordingProxy(url);
  const job = {
    input: here("../../examples/rows.csv"),
    run: join(folder, "run"),
    orders: "one",
    concurrency: 1,
    prompts_per_request: 1,
    ...config,
    engine: { attach: proxy.url, ...config.engine },
  };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
  // A random model gives its labels almost no probability: --force.
  const child = spawn(process.execPath, [MAIN, "run", "job.yaml", "--json", "--force"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = await output(child, "abtie run").then(
    (text) => ({ summary: JSON.parse(text) }),
    (error) => ({ refused: String(error.message).trim().split("\n").at(-1) }),
  );
  await proxy[Symbol.asyncDispose]();
  if (ended.refused !== undefined) return ended;
  const journal = (await readFile(join(folder, "run/journal.jsonl"), "utf8")).trim().split("\n").map(JSON.parse);
  const rows = journal.filter(({ event }) => event === "row");
  // One request a row, one after another, behind the requests of the start: so the last ones are those of the rows, in their order.
  const requests = proxy.completions.slice(-rows.length).map(({ body }) => body);
  if (requests.some(({ prompt }) => prompt.length !== 1)) throw new Error(`${folder}: a request has several prompts`);
  if (new Set(requests.map(({ logprob_token_ids: ids }) => ids.join())).size !== 1) {
    throw new Error(`${folder}: a label has several tokens, which this comparison cannot read`);
  }
  const prompts = requests.map(({ prompt: [ids] }) => ids);
  const expected = await forward(python, forwardModel, { prompts, ids: requests[0].logprob_token_ids });
  const differences = rows.flatMap(({ logProbs }, at) =>
    logProbs.map((value, label) => Math.abs(value - expected[at][label])),
  );
  return {
    sent: rows.map(({ row }, at) => [row, prompts[at].join()]).sort(([one], [other]) => one - other),
    tokens: prompts.reduce((sum, ids) => sum + ids.length, 0),
    largest: Math.max(...differences),
    mass: ended.summary.labelMass?.median ?? null,
    expected,
  };
}

async function forward(python, model, asked) {
  const child = spawn(python, [here("../../test/e2e/forward.py"), model], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(asked));
  return JSON.parse(await output(child, "forward.py"));
}
