// Simulates whole jobs, each from one seed, and lists the seeds in which something happened that must never happen:
//   node bench/simulate.mjs [--first 1] [--seeds 1000] [--at-once N]
//   node bench/simulate.mjs --replay SEED     prints every event of one seed
// The same seed is the same simulation; docs/simulation.md says what is simulated. Exits with 1 if a seed failed.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = new URL(`../node_modules/.cache/job-simulation/${basename(root)}/`, import.meta.url);

async function main() {
  const { values } = parseArgs({
    options: {
      first: { type: "string", default: "1" },
      seeds: { type: "string", default: "1000" },
      "at-once": { type: "string", default: String(availableParallelism()) },
      replay: { type: "string" },
    },
  });
  const project = ["tsc", "-p", "bench/job-simulation.tsconfig.json", "--outDir", fileURLToPath(compiled)];
  execFileSync("npx", project, { cwd: root, stdio: "inherit" });
  if (values.replay !== undefined) return replay(Number(values.replay));
  const first = Number(values.first);
  const began = performance.now();
  const outcomes = await simulateAll(
    Array.from({ length: Number(values.seeds) }, (_, i) => first + i),
    Number(values["at-once"]),
  );
  print(outcomes, (performance.now() - began) / 1_000);
}

async function replay(seed) {
  const { simulateJob } = await import(new URL("test/simulator/job/simulate-job.js", compiled));
  const outcome = await simulateJob(seed, (line) => console.log(line));
  if (outcome.violations.length > 0) printFailed(outcome);
  print([outcome], null);
}

/** Simulates the seeds, dealt over so many threads; by seed. */
async function simulateAll(seeds, threads) {
  const parts = await Promise.all(
    Array.from(
      { length: threads },
      (_, thread) =>
        new Promise((resolve, reject) => {
          const own = seeds.filter((_, i) => i % threads === thread);
          const worker = new Worker(new URL(import.meta.url), { workerData: { seeds: own } });
          const outcomes = [];
          worker.on("message", (outcome) => {
            outcomes.push(outcome);
            if (outcome.violations.length > 0) printFailed(outcome);
          });
          worker.once("error", reject);
          worker.once("exit", () => resolve(outcomes));
        }),
    ),
  );
  return parts.flat().sort((one, other) => one.seed - other.seed);
}

async function work({ seeds }) {
  const { simulateJob } = await import(new URL("test/simulator/job/simulate-job.js", compiled));
  for (const seed of seeds) parentPort.postMessage(await simulateJob(seed));
}

/** A seed that failed is named at once, because thousands of seeds take long. */
function printFailed({ seed, violations }) {
  console.log(`seed ${seed}: ${violations.slice(0, 3).join("\n    ")}`);
  console.log(`    replay: node bench/simulate.mjs --replay ${seed}`);
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
  console.log(`seeds with violations: ${failed.length}`);
  if (failed.length > 0) process.exitCode = 1;
}

if (isMainThread) await main();
else await work(workerData);
