// Runs the clock's own decisions through simulated nights and prints what came out:
//   node bench/clock-simulation.mjs [scenarios with faults = 1000] [scenarios without = 300]
// Seeds are 0, 1, 2, ...; the same seed is the same scenario. test/simulator/ says what a scenario is.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [faulty = 1_000, steady = 300] = process.argv.slice(2).map(Number);
const root = fileURLToPath(new URL("..", import.meta.url));
execFileSync("npx", ["tsc", "-p", "bench/clock-simulation.tsconfig.json"], { cwd: root, stdio: "inherit" });
const compiled = new URL("../node_modules/.cache/clock-simulation/test/simulator/", import.meta.url);
const { judgeScenario } = await import(new URL("verdict.js", compiled));
const { ANYTHING, LARGE, SHAKY, SMALL, STEADY } = await import(new URL("scenario.js", compiled));

const seeds = (count) => Array.from({ length: count }, (_, seed) => seed);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

printLarge();
printFaulty();
printForecasts("no later change of speed, 2,000 to 8,000 rows", STEADY);
printForecasts("small jobs, 60 to 500 rows", SMALL);
printForecasts("small jobs on a machine that others use", SHAKY);

function printLarge() {
  for (const seed of seeds(3)) {
    const began = process.cpuUsage();
    const { rows, faults, wrongs, stop, priorRows } = judgeScenario(seed, LARGE);
    const seconds = process.cpuUsage(began).user / 1e6;
    console.log(
      `25,000 rows, 9 h, seed ${seed}: ${seconds.toFixed(1)} s of CPU; ${faults.join(", ") || "no faults"}; ${stop}, ` +
        `${priorRows} of ${rows} rows with the prior, ${wrongs.length} things wrong`,
    );
  }
}

function printFaulty() {
  const began = process.cpuUsage();
  const verdicts = seeds(faulty).map((seed) => judgeScenario(seed, ANYTHING));
  const wrong = verdicts.filter(({ wrongs }) => wrongs.length > 0);
  console.log(
    `\n${faulty} scenarios with anything going wrong (${(process.cpuUsage(began).user / 1e6).toFixed(0)} s of CPU)`,
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
  const words = new Map();
  for (const { below } of verdicts.filter(({ below }) => below.share > 0.05)) {
    const [word] = Object.entries(below.reasons).sort((a, b) => b[1] - a[1])[0];
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  console.log(
    `  main reason where it is over 5 %: ${[...words].map(([word, count]) => `${word} ${count}`).join(", ")}`,
  );
}

function printForecasts(name, bounds) {
  const checks = seeds(steady).flatMap(
    (seed) => judgeScenario(seed, bounds, { orders: "one", decisions: 300 }).forecasts,
  );
  console.log(
    `\nforecasts, ${name} (${steady} scenarios)\n  at      median     p95   in the 90 % interval   its width (median)`,
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
