// Simulates whole jobs, each from one seed, and lists the seeds in which something happened that must never happen:
//   node bench/simulate.mjs [--first 1] [--seeds 1000] [--at-once N] [--twice 25] [--compiled FOLDER]
//   node bench/simulate.mjs --replay SEED     prints every event of one seed
// The same seed is the same simulation: each 25th seed (--twice 0: none) is simulated a second time, while memory is collected all
// the time, and must give the same events. docs/simulation.md says what is simulated. Exits with 1 if a seed failed.
// --compiled runs the code in FOLDER, made by `npx tsc -p bench/job-simulation.tsconfig.json --outDir FOLDER`, for a machine
// without the development packages; FOLDER must find node_modules, in itself or above.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { compileSimulation } from "./lib/compile-simulation.mjs";

async function main() {
  const { values } = parseArgs({
    options: {
      first: { type: "string", default: "1" },
      seeds: { type: "string", default: "1000" },
      "at-once": { type: "string", default: String(availableParallelism()) },
      twice: { type: "string", default: "25" },
      replay: { type: "string" },
      compiled: { type: "string" },
    },
  });
  const compiled = values.compiled === undefined ? compileSimulation() : resolve(values.compiled);
  const modules = pathToFileURL(`${compiled}/test/simulator/job/`).href;
  const command = `node bench/simulate.mjs${values.compiled === undefined ? "" : ` --compiled ${values.compiled}`} --replay`;
  if (values.replay !== undefined) return replay(Number(values.replay), modules, command);
  // Gives the threads the function gc.
  setFlagsFromString("--expose-gc");
  const first = Number(values.first);
  const began = performance.now();
  const outcomes = await simulateAll(
    Array.from({ length: Number(values.seeds) }, (_, i) => first + i),
    Number(values["at-once"]),
    { modules, command, every: Number(values.twice) },
  );
  print(outcomes, (performance.now() - began) / 1_000);
}

async function replay(seed, modules, command) {
  const { simulateJob } = await import(new URL("simulate-job.js", modules));
  const outcome = await simulateJob(seed, (line) => console.log(line));
  if (outcome.violations.length > 0) printFailed(outcome, command);
  print([outcome], null);
}

/** Simulates the seeds, dealt over so many threads; by seed. */
async function simulateAll(seeds, threads, { modules, command, every }) {
  const parts = await Promise.all(
    Array.from(
      { length: threads },
      (_, thread) =>
        new Promise((resolve, reject) => {
          const own = seeds.filter((_, i) => i % threads === thread);
          const worker = new Worker(new URL(import.meta.url), { workerData: { seeds: own, modules, every } });
          const outcomes = [];
          worker.on("message", (outcome) => {
            outcomes.push(outcome);
            if (outcome.violations.length > 0) printFailed(outcome, command);
          });
          worker.once("error", reject);
          worker.once("exit", () => resolve(outcomes));
        }),
    ),
  );
  return parts.flat().sort((one, other) => one.seed - other.seed);
}

async function work({ seeds, modules, every }) {
  const { simulateTwice } = await import(new URL("twice.js", modules));
  for (const seed of seeds) {
    parentPort.postMessage(await simulateTwice(seed, every > 0 && seed % every === 0, collectAllTheTime));
  }
}

/** Collects memory while a seed is simulated a second time, which must make no difference. */
function collectAllTheTime() {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    turns += 1;
    if (turns % 16 === 0) globalThis.gc?.({ type: turns % 1_024 === 0 ? "major" : "minor" });
    setImmediate(turn);
  };
  turn();
  return () => {
    isOver = true;
  };
}

/** A seed that failed is named at once, because thousands of seeds take long. */
function printFailed({ seed, hash, violations, difference }, command) {
  console.log(`seed ${seed}: ${violations.slice(0, 3).join("\n    ")}`);
  console.log(`    trace hash: ${hash}`);
  console.log(`    replay: ${command} ${seed}`);
  if (difference === undefined) return;
  if (difference === null) console.log("    a second simulation was the same, event for event");
  else
    console.log(`    first event that differs: ${difference.line}\n      ${difference.one}\n      ${difference.other}`);
}

function print(outcomes, seconds) {
  const sum = (of) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const failed = outcomes.filter(({ violations }) => violations.length > 0);
  const ends = new Map();
  for (const { ends: own } of outcomes) {
    for (const end of own) {
      const kind = end.replace(/^(main|second) \d+ /, "").replace(/^(error \w+):.*/, "$1");
      ends.set(kind, (ends.get(kind) ?? 0) + 1);
    }
  }
  const [firstSeed, lastSeed] = [outcomes[0].seed, outcomes.at(-1).seed];
  console.log(
    `${outcomes.length} seeds (${firstSeed} to ${lastSeed}), ${sum(({ events }) => events).toLocaleString("en")} events, ` +
      `${(sum(({ ms }) => ms) / 3_600_000).toFixed(1)} simulated hours${seconds === null ? "" : `, ${seconds.toFixed(1)} s`}`,
  );
  console.log(
    `ends of processes: ${[...ends]
      .sort((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${kind} ${count}`)
      .join(", ")}`,
  );
  if (outcomes.length === 1) console.log(`trace hash: ${outcomes[0].hash}`);
  console.log(`seeds simulated twice: ${outcomes.filter(({ isTwice }) => isTwice).length}`);
  console.log(`seeds with violations: ${failed.length}`);
  if (failed.length > 0) process.exitCode = 1;
}

if (isMainThread) await main();
else await work(workerData);
