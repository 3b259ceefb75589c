/*
 * Compares abtie with other clients on a real vLLM server on the CPU, with the same rows.
 *
 * Run as: npm run build && node bench/real-vllm.mjs --python VENV/bin/python --model FOLDER
 *           [--input rows.csv] [--rows 96] [--rounds 5] [--dtype float32] [--context 2046] [--folder /tmp/abtie-real]
 *           [--parts serve,offline,fixed,sequential,lm-eval,forecast] [--lm-eval VENV]
 *
 * All clients use one server. Its prefix cache is off, since every round sends the same rows. Clients alternate, so that other
 * load on the machine affects all alike. Times are from the first request to the last, without start-up and imports.
 *   serve       vllm bench serve, one prompt a request, at the best of several concurrencies (each tried once)
 *   offline     LLM.generate in a process of its own, idle while others run: the engine without server and client
 *   fixed       abtie with -j at several values, for comparison with the value that abtie finds
 *   sequential  one request after another (a quarter of the rows)
 *   lm-eval     lm-evaluation-harness, log likelihood of the three labels (a quarter of the rows)
 *   forecast    abtie bench --sample 60 on the rows, then abtie run on all of them, in every round
 * Prints Markdown tables.
 */
import { mkdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { writeJob } from "./lib/job.mjs";
import { markdown } from "./lib/processes.mjs";
import { startVllm } from "./lib/vllm.mjs";
import { readingsOf, runAbtie } from "./real/abtie.mjs";
import { benchServe } from "./real/bench-serve.mjs";
import { runForecast } from "./real/forecast.mjs";
import { runLmEval } from "./real/lm-eval.mjs";
import { startOffline } from "./real/offline.mjs";
import { runSequential } from "./real/sequential.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    input: { type: "string", default: new URL("../examples/rows.csv", import.meta.url).pathname },
    rows: { type: "string", default: "96" },
    rounds: { type: "string", default: "5" },
    dtype: { type: "string", default: "float32" },
    context: { type: "string", default: "2046" },
    folder: { type: "string", default: "/tmp/abtie-real" },
    parts: { type: "string", default: "serve,offline,fixed,sequential,lm-eval,forecast" },
    // Folder with pandas, which vllm bench needs, where VENV lacks it (pip install --target FOLDER --no-deps pandas ...).
    extra: { type: "string", default: "" },
    "lm-eval": { type: "string", default: "/tmp/abtie-lm-eval" },
  },
});
const { python, model, dtype, folder, extra } = values;
if (python === undefined || model === undefined) throw new Error("--python and --model are needed");
const parts = new Set(values.parts.split(","));
const CONCURRENCIES = [4, 8, 16, 32];

await mkdir(folder, { recursive: true });
const job = await writeJob({
  folder,
  input: values.input,
  rows: Number(values.rows),
  model,
  context: Number(values.context),
});
const server = await startVllm({ python, model, dtype, folder });
const offline = parts.has("offline") ? await startOffline(job, { python, model, options: { dtype } }) : null;
try {
  const load = loadavg()[0];
  console.log(
    `${job.ids.length} rows, ${job.tokens} tokens, ${dtype}; server ready after ${server.readySeconds.toFixed(0)} s\n`,
  );
  // A warm-up, since the server computes its first requests more slowly.
  await runAbtie(job, server.url, ["--limit", "16"]);
  if (offline !== null || parts.has("serve")) await sideBySide();
  if (parts.has("fixed")) await fixedSettings();
  if (parts.has("sequential") || parts.has("lm-eval")) await others();
  if (parts.has("forecast")) await forecast();
  console.log(`\nload ${load.toFixed(1)} at the start, ${loadavg()[0].toFixed(1)} at the end`);
} finally {
  await offline?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
}

async function sideBySide() {
  const clients = { abtie: () => runAbtie(job, server.url) };
  if (parts.has("serve")) {
    const tried = [];
    for (const concurrency of CONCURRENCIES) {
      const rows = Math.min(job.ids.length, Math.max(32, 2 * concurrency));
      tried.push({
        concurrency,
        speed: speed(await benchServe(job, server.url, { python, model, extra, concurrency, rows })),
      });
    }
    const best = tried.reduce((one, other) => (other.speed > one.speed ? other : one));
    console.log(
      `vllm bench serve: ${tried.map((one) => `${one.concurrency}: ${one.speed.toFixed(0)}`).join(", ")} tokens/s; best at ${best.concurrency}\n`,
    );
    clients[`bench serve, ${best.concurrency} in flight`] = () =>
      benchServe(job, server.url, { python, model, extra, concurrency: best.concurrency });
  }
  if (offline !== null) clients["LLM.generate"] = () => offline.run();
  const { rounds, names } = await alternate(clients);
  const ratio = (name) => median(rounds.map((speeds) => speeds.abtie / speeds[name])).toFixed(3);
  printRounds(rounds, names, "abtie against it, median of the rounds", (name) => (name === "abtie" ? "" : ratio(name)));
}

/** Compares the setting that abtie finds with fixed numbers of requests in flight. */
async function fixedSettings() {
  const clients = { found: () => runAbtie(job, server.url) };
  for (const flag of ["1", "2", "4", "8", "16"]) clients[`-j ${flag}`] = () => runAbtie(job, server.url, ["-j", flag]);
  const { rounds, names } = await alternate(clients);
  const whole = (name) => rounds.reduce((sum, speeds) => sum + speeds[name], 0);
  const best = Math.max(...names.filter((name) => name !== "found").map(whole));
  console.log("");
  printRounds(rounds, names, "mean against the best fixed", (name) => (whole(name) / best).toFixed(3));
}

/** Runs all clients in --rounds rounds, each beginning with another client. Returns tokens/s. */
async function alternate(clients) {
  const names = Object.keys(clients);
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const speeds = {};
    for (let k = 0; k < names.length; k += 1) {
      const name = names[(round + k) % names.length];
      speeds[name] = speed(await clients[name]());
      process.stderr.write(`round ${round + 1}: ${name} ${speeds[name].toFixed(0)} tokens/s\n`);
    }
    rounds.push(speeds);
  }
  return { rounds, names };
}

function printRounds(rounds, names, last, cell) {
  markdown([
    ["tokens/s", ...rounds.map((_, round) => `round ${round + 1}`), "median", last],
    ...names.map((name) => [
      name,
      ...rounds.map((speeds) => speeds[name].toFixed(0)),
      median(rounds.map((speeds) => speeds[name])).toFixed(0),
      cell(name),
    ]),
  ]);
}

function median(list) {
  return [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)];
}

async function others() {
  const rows = Math.ceil(job.ids.length / 4);
  const table = [];
  const add = (name, run) => {
    table.push([name, String(run.rows), (run.rows / run.seconds).toFixed(2)]);
    process.stderr.write(`${table.at(-1).join(" ")}\n`);
  };
  const own = async () => add("abtie", await runAbtie(job, server.url, ["--limit", String(rows)]));
  await own();
  if (parts.has("sequential")) add("one request after another", await runSequential(job, server.url, rows));
  for (const concurrent of parts.has("lm-eval") ? [1, 16] : []) {
    const run = await runLmEval(job, server.url, { venv: values["lm-eval"], model, rows, concurrent });
    add(`lm-evaluation-harness, ${concurrent} concurrent`, run);
    await own();
    agreement(await readingsOf(job), run.logLikelihoods);
  }
  console.log("");
  markdown([["client", "rows", "rows/s"], ...table]);
}

function agreement(readings, logLikelihoods) {
  const order = (values) => [...values.keys()].sort((one, other) => values[other] - values[one]).join("");
  const same = logLikelihoods.filter((values, row) => order(values) === order(readings[row])).length;
  const differences = logLikelihoods.flatMap((values, row) =>
    values.map((value, k) => Math.abs(value - readings[row][k])),
  );
  console.log(
    `\nranking of the three labels equal in ${same} of ${logLikelihoods.length} rows; largest difference of a log probability ${Math.max(...differences).toExponential(1)}`,
  );
}

async function forecast() {
  const rows = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const { expected, took, verdict } = await runForecast(job, server.url);
    const error = `${(100 * (expected / took - 1)).toFixed(1)} %`;
    process.stderr.write(`forecast ${expected.toFixed(1)} s, took ${took.toFixed(1)} s: ${error}\n`);
    rows.push([verdict, `${took.toFixed(1)} s`, error]);
  }
  console.log("");
  markdown([["forecast of abtie bench --sample 60", "abtie run took", "error"], ...rows]);
}

function speed({ tokens, seconds }) {
  return tokens / seconds;
}
