// Measures the time of the bootstrap on 25,000 rows, and the coverage of its intervals.
// Run as: npm run build && node bench/bootstrap.mjs [simulations, default 2000]
import { bootstrapMean } from "../dist/stats/bootstrap.js";
import { simulateJudges } from "./lib/simulated-judges.mjs";

const simulations = Number(process.argv[2] ?? 2000);

for (const groups of [25_000, 5_000]) {
  const values = simulateJudges({ seed: 1, groups: 25_000, meanGroup: 1, errors: [0.7, 0.6] }).differences;
  const numbers = Uint32Array.from(values.keys(), (row) => row % groups);
  const before = process.cpuUsage();
  bootstrapMean(values, numbers, { seed: 1 });
  const { user, system } = process.cpuUsage(before);
  console.log(`25,000 rows in ${groups} groups, 10,000 resamples: ${((user + system) / 1e6).toFixed(2)} s of one core`);
}

for (const [groups, meanGroup] of [
  [20, 5],
  [80, 3],
  [80, 29],
  [400, 1],
]) {
  const covered = { interval: 0, percentile: 0, bca: 0 };
  for (let seed = 0; seed < simulations; seed += 1) {
    const { differences, groups: numbers } = simulateJudges({ seed, groups, meanGroup, errors: [0.7, 0.7] });
    const { error } = bootstrapMean(differences, numbers, { seed, resamples: 2_000 });
    for (const name of Object.keys(covered)) if (error[name].low <= 0 && error[name].high >= 0) covered[name] += 1;
  }
  const shares = Object.entries(covered).map(
    ([name, count]) => `${name} ${((100 * count) / simulations).toFixed(2)} %`,
  );
  console.log(
    `coverage, ${simulations} comparisons of ${groups} prompts with ${meanGroup} rows each: ${shares.join(", ")}`,
  );
}
