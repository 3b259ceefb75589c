// Measures how many rows a comparison with early stopping needs, compared with a fixed-size test, and its rate of false alarms.
// Run as: npm run build && node bench/early-stopping.mjs [simulations, default 2000]

import { normalQuantile } from "../dist/numbers/normal.js";
import { mean, sum } from "../dist/numbers/sums.js";
import { groupOrder } from "../dist/stats/groups.js";
import { createSequentialComparison } from "../dist/stats/sequential-comparison.js";
import { simulateJudges } from "./lib/simulated-judges.mjs";

const simulations = Number(process.argv[2] ?? 2000);
const BOUND = Math.log(0.99 / 0.005);
const ROWS = 25_000;

better("two judges with nothing in common", { meanGroup: 1, errors: [0.7, 0.6065] });
better("two judges that share most of their error", { meanGroup: 1, errors: [0.3575, 0], common: 0.7 });

for (const meanGroup of [1, 3]) {
  const none = { meanGroup, errors: [0.7, 0.7], groups: Math.round(600 / meanGroup) };
  let alarms = 0;
  for (let seed = 0; seed < simulations; seed += 1) if (decide({ ...none, seed }).verdict !== "undecided") alarms += 1;
  console.log(
    `no difference, checked after every row of about 600 (${meanGroup} a prompt): ${alarms} false alarms in ${simulations} (${((100 * alarms) / simulations).toFixed(2)} %)`,
  );
}

function better(name, judges) {
  const { difference, spread } = describe(simulateJudges({ ...judges, seed: 1, groups: 2_000_000 }).differences);
  console.log(
    `${name}: true difference ${difference.toFixed(4)} nats, standard deviation of a row ${spread.toFixed(3)}`,
  );
  const [often, nearlyAlways] = [0.8, 0.95].map((power) =>
    Math.ceil((((normalQuantile(0.975) + normalQuantile(power)) * spread) / difference) ** 2),
  );
  console.log(`  fixed-size test planned with both known: ${often} rows for power 0.80, ${nearlyAlways} for 0.95`);
  const runs = Array.from({ length: Math.ceil(simulations / 10) }, (_, seed) =>
    decide({ ...judges, seed, groups: ROWS }),
  );
  const stops = runs.map(({ rows }) => rows).sort((one, other) => one - other);
  const at = (level) => stops[Math.floor(level * (stops.length - 1))];
  const average = mean(stops);
  const count = (verdict) => runs.filter((run) => run.verdict === verdict).length;
  console.log(
    `  early stopping, ${runs.length} simulations: mean ${average.toFixed(0)} rows, median ${at(0.5)}, 80 % by ${at(0.8)}, 95 % by ${at(0.95)}; ` +
      `better ${count("better")}, worse ${count("worse")}, undecided ${count("undecided")}`,
  );
  console.log(`  saved of a labelled file of ${ROWS} rows: ${(100 * (1 - average / ROWS)).toFixed(0)} %`);
}

function decide(options) {
  const { differences, groups } = simulateJudges(options);
  const order = groupOrder(groups, options.seed);
  const comparison = createSequentialComparison({ order, groups, bound: BOUND });
  for (const [index, row] of order.entries()) {
    comparison.add(row, differences[row]);
    const { verdict } = comparison.state();
    if (verdict !== "undecided") return { verdict, rows: index + 1 };
  }
  return { verdict: "undecided", rows: order.length };
}

function describe(values) {
  const difference = mean(values);
  const squares = sum(values.map((value) => (value - difference) ** 2));
  return { difference, spread: Math.sqrt(squares / (values.length - 1)) };
}
