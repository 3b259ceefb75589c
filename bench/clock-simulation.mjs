// Runs the decisions of src/deadline through simulated jobs and prints how they ended:
//   node bench/clock-simulation.mjs [--scenarios 1000] [--steady 300] [--first 0] [--workers N] [--compiled]
// The same seed is the same scenario: seeds are --first, --first + 1, ... test/simulator/ defines a scenario.
// --compiled runs the code that an earlier call compiled, for a machine without the development packages.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const compiled = new URL("../node_modules/.cache/clock-simulation/test/simulator/", import.meta.url);
async function main() {
  const { values } = parseArgs({
    options: {
      scenarios: { type: "string", default: "1000" },
      steady: { type: "string", default: "300" },
      first: { type: "string", default: "0" },
      workers: { type: "string", default: String(availableParallelism()) },
      compiled: { type: "boolean", default: false },
    },
  });
  const [scenarios, steady, first, workers] = [values.scenarios, values.steady, values.first, values.workers].map(
    Number,
  );
  if (!values.compiled) {
    const root = fileURLToPath(new URL("..", import.meta.url));
    execFileSync("npx", ["tsc", "-p", "bench/clock-simulation.tsconfig.json"], { cwd: root, stdio: "inherit" });
  }
  const judge = (name, count, options) => judgeAll(name, { first, count, workers, options });
  printLarge(await judge("LARGE", 3));
  printFaulty(await judge("ANYTHING", scenarios));
  const asked = { orders: "one", decisions: 300 };
  printForecasts("no later change of speed, 2,000 to 8,000 rows", await judge("STEADY", steady, asked));
  printForecasts("the same, 10,000 to 25,000 rows in a night", await judge("NIGHT", steady, asked));
  printForecasts("small jobs, 60 to 500 rows", await judge("SMALL", steady, asked));
  printForecasts("small jobs on a machine that others use", await judge("SHAKY", steady, asked));
}

/** Judges so many seeds of a kind of scenario, dealt over the workers; by seed. */
async function judgeAll(name, { first, count, workers, options }) {
  const verdicts = await Promise.all(
    Array.from(
      { length: workers },
      (_, worker) =>
        new Promise((resolve, reject) => {
          const seeds = Array.from({ length: count }, (_, i) => first + i).filter((_, i) => i % workers === worker);
          const thread = new Worker(new URL(import.meta.url), { workerData: { name, seeds, options } });
          thread.once("message", resolve);
          thread.once("error", reject);
        }),
    ),
  );
  return verdicts.flat().sort((one, other) => one.seed - other.seed);
}

async function work({ name, seeds, options }) {
  const { judgeScenario } = await import(new URL("verdict.js", compiled));
  const { [name]: bounds } = await import(new URL("scenario.js", compiled));
  parentPort.postMessage(
    seeds.map((seed) => {
      const wall = performance.now();
      const verdict = judgeScenario(seed, bounds, options);
      return { ...verdict, seconds: (performance.now() - wall) / 1_000 };
    }),
  );
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

function printLarge(verdicts) {
  for (const { seed, seconds, rows, faults, wrongs, stop, priorRows } of verdicts) {
    console.log(
      `25,000 rows, 9 h, seed ${seed}: ${seconds.toFixed(1)} s; ${faults.join(", ") || "no faults"}; ${stop}, ` +
        `${priorRows} of ${rows} rows with the prior, ${wrongs.length} things wrong`,
    );
  }
}

function printFaulty(verdicts) {
  const wrong = verdicts.filter(({ wrongs }) => wrongs.length > 0);
  console.log(
    `\n${verdicts.length} scenarios with anything going wrong, seeds ${verdicts[0].seed} to ${verdicts.at(-1).seed}`,
  );
  console.log(
    `  invalid, incomplete or late: ${wrong.length} ${wrong.map(({ seed, wrongs }) => `seed ${seed}: ${wrongs[0]}`).join("; ")}`,
  );
  for (const stop of new Set(verdicts.map((verdict) => verdict.stop))) {
    console.log(`  ended as ${stop}: ${verdicts.filter((verdict) => verdict.stop === stop).length}`);
  }
  console.log("  share of the time below the best feasible step   median     p95     max   over 5 %");
  const line = (name, share) => {
    const shares = verdicts.map(({ below }) => below[share]);
    const cells = [0.5, 0.95, 1].map((part) => percent(quantile(shares, part)).padStart(8));
    console.log(
      `  ${name.padEnd(46)}${cells.join("")}${String(shares.filter((value) => value > 0.05).length).padStart(11)}`,
    );
  };
  line("all", "share");
  line("feasible with a fifth of the time to spare", "clearShare");
  line("without a reason that the figures bear out", "unstatedShare");
  const unstated = verdicts.filter(({ below }) => below.unstatedShare > 0.05).map(({ seed }) => seed);
  console.log(`  seeds over 5 % without such a reason: ${unstated.join(", ") || "none"}`);
  const words = new Map();
  for (const { below } of verdicts.filter(({ below }) => below.share > 0.05)) {
    const [word] = Object.entries(below.reasons).sort((a, b) => b[1] - a[1])[0];
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  console.log(
    `  main reason where it is over 5 %: ${[...words].map(([word, count]) => `${word} ${count}`).join(", ")}`,
  );
}

function printForecasts(name, verdicts) {
  const checks = verdicts.flatMap(({ forecasts }) => forecasts);
  console.log(
    `\nforecasts, ${name} (${verdicts.length} scenarios)\n  at      median     p95   in the 90 % interval   its width (median)`,
  );
  for (const share of [0.02, 0.1, 0.5]) {
    const here = checks.filter((check) => check.share === share);
    const errors = here.map(({ error }) => Math.abs(error));
    console.log(
      `  ${`${100 * share} %`.padEnd(6)}${percent(quantile(errors, 0.5)).padStart(8)}${percent(quantile(errors, 0.95)).padStart(8)}` +
        `${percent(here.filter(({ covered }) => covered).length / here.length).padStart(23)}` +
        `${percent(
          quantile(
            here.map(({ width }) => width),
            0.5,
          ),
        ).padStart(21)}`,
    );
  }
}

if (isMainThread) await main();
else await work(workerData);
