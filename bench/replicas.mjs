/*
 * Holds two replicas of a classifier, one of which is killed midway, against one replica, and measures how busy two servers are.
 *
 * Run as: npm run build && node bench/replicas.mjs --model CLASSIFIER [--input examples/rows.csv] [--rows 60]
 *           [--folder /tmp/abtie-replicas]
 *     or: node bench/replicas.mjs --loopback [--rows 2000]
 *
 * The first form lets `abtie run` start real vLLM (of `abtie setup`) on the CPU twice, each server on its own cores, and kills the engine of one (kill -9)
 * when a third of the rows is answered. No row may be lost, and the submission must be that of one replica within 1e-6.
 * The second form runs rows of very different lengths on two loopback servers with the delays of an 8B model on a GPU (50 us a token,
 * 5 ms a request; one device each) and prints which share of the time, first request to last answer, each device worked. It must be
 * 90 % at least. The exit status is 1 when something does not hold.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startFake } from "../test/fixtures/engine/fake-vllm.mjs";
import { MAIN } from "./lib/job.mjs";
import { childrenOf, output } from "./lib/processes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    loopback: { type: "boolean", default: false },
    model: { type: "string" },
    input: { type: "string", default: here("../examples/rows.csv") },
    rows: { type: "string" },
    folder: { type: "string", default: "/tmp/abtie-replicas" },
  },
});
const { folder } = values;
const LIMIT = 1e-6;
const SHARE = 0.9;
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
process.exitCode = (await (values.loopback
  ? areBusy(Number(values.rows ?? 2000))
  : loseNothing(Number(values.rows ?? 60))))
  ? 0
  : 1;

/** Kills one of two real replicas, and compares with one replica. */
async function loseNothing(rows) {
  const two = await run("two", rows, { replicas: 2 }, killOne);
  const one = await run("one", rows, { replicas: 1 });
  const [killed, whole] = [await probabilities("two"), await probabilities("one")];
  const largest = Math.max(
    ...[...whole].flatMap(([id, own]) => own.map((value, at) => Math.abs(value - (killed.get(id)?.[at] ?? 9)))),
  );
  const lost = two.rows.prior + (whole.size - killed.size);
  console.log(
    `${rows} rows, two replicas, one killed: ${lost} rows lost, ${two.session.failedRequests} failed requests, largest difference of a probability from one replica ${largest.toExponential(1)}`,
  );
  console.log(
    `seconds of scoring: two with a death ${two.seconds.scoring.toFixed(1)}, one ${one.seconds.scoring.toFixed(1)}`,
  );
  return lost === 0 && two.session.failedRequests > 0 && largest <= LIMIT;
}

/** Measures the devices of two loopback servers. */
async function areBusy(rows) {
  const tokenizer = here("../launch/fake-model");
  const model = join(folder, "model");
  await mkdir(model);
  const files = ["tokenizer.json", "tokenizer_config.json"];
  for (const file of files) await writeFile(join(model, file), await readFile(join(tokenizer, file)));
  const id2label = { 0: "A", 1: "B", 2: "tie" };
  await writeFile(
    join(model, "config.json"),
    JSON.stringify({ architectures: ["LlamaForSequenceClassification"], id2label }),
  );
  await writeFile(
    join(folder, "rows.csv"),
    execFileSync("python3", [here("gpu/rows.py"), String(rows), "300", "7", "0.7"], { maxBuffer: 2 ** 30 }),
  );
  const knobs = {
    classes: Object.values(id2label),
    modelDir: model,
    msPerToken: 0.05,
    constantMs: 5,
    maxModelLen: 2400,
  };
  const servers = [await startFake(knobs), await startFake(knobs)];
  try {
    const attach = servers.map(({ url }) => url);
    const { seconds, usage } = await run(
      "busy",
      rows,
      { attach, model: undefined, tokenizer: model },
      null,
      join(folder, "rows.csv"),
    );
    const shares = servers.map(({ stats }) => stats.busyMs / 1000 / seconds.scoring);
    const each = servers.map(
      ({ stats }, at) => `${(100 * shares[at]).toFixed(1)} % (${stats.prompts} rows, ${stats.tokens} tokens)`,
    );
    console.log(`${rows} rows on two servers, ${seconds.scoring.toFixed(1)} s: devices busy ${each.join(" and ")}`);
    console.log(
      `in flight at the end: ${usage.engines.map(({ concurrency, promptsPerRequest }) => `${concurrency} x ${promptsPerRequest}`).join(", ")}`,
    );
    return Math.min(...shares) >= SHARE;
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}

/** Runs the rows. `during` gets the process of abtie while it runs. Returns the summary. */
async function run(name, rows, engine, during = null, input = resolve(values.input)) {
  const config = {
    ...{ input, run: name, output: `${name}.csv`, template: "classifier", orders: "one", limit: rows },
    // A real server gets its rows alone, so that no rounding depends on which rows stand beside each other.
    ...(engine.replicas === undefined ? { context: 2400 } : { context: 256, concurrency: 1, prompts_per_request: 1 }),
    engine: {
      kind: "classify",
      model: values.model,
      ...engine,
    },
  };
  await writeFile(join(folder, `${name}.yaml`), JSON.stringify(config));
  const child = spawn(process.execPath, [MAIN, "run", `${name}.yaml`, "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [text] = await Promise.all([output(child, "abtie run"), during?.(name, child.pid, rows)]);
  return JSON.parse(text);
}

/** Kills the engine of one replica when a third of the rows is answered. */
async function killOne(name, pid, rows) {
  for (;;) {
    const journal = await readFile(join(folder, name, "journal.jsonl"), "utf8").catch(() => "");
    if (journal.split('"event":"row"').length - 1 >= rows / 3) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  const engines = [];
  for (const one of await below(pid)) {
    const line = await readFile(`/proc/${one}/cmdline`, "utf8").catch(() => "");
    if (line.startsWith("VLLM::EngineCore")) engines.push(one);
  }
  if (engines.length !== 2) throw new Error(`two engines were expected, ${engines.length} run`);
  process.kill(Number(engines[1]), "SIGKILL");
}

async function below(pid) {
  const own = await childrenOf(pid).catch(() => []);
  return [...own, ...(await Promise.all(own.map(below))).flat()];
}

async function probabilities(name) {
  const [, ...lines] = (await readFile(join(folder, `${name}.csv`), "utf8")).trim().split("\n");
  return new Map(lines.map((line) => line.split(",")).map(([id, ...numbers]) => [id, numbers.map(Number)]));
}
