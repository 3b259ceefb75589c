// Measures a race of variants: how often the best wins or is not told apart, how often it is dropped, what is spent, and the
// coverage of the winner's score.
// Run as: npm run build && node bench/race.mjs [simulations, default 2000] [first seed, default 0]
//
// Ten variants of one model share most of their error; the best has a log loss that is lower by 0.02 nats, the others are
// equal. The file has 10,000 labelled rows, a prompt each. Three budgets in prompts, of the 100,000 that scoring all takes.

import { createSequentialPairs } from "../dist/compare/interim-looks.js";
import { leaderOf, planRace } from "../dist/compare/race.js";
import { seededGenerator } from "../dist/numbers/random.js";
import { mean } from "../dist/numbers/sums.js";
import { bootstrapMean } from "../dist/stats/bootstrap.js";

const [simulations = 2000, first = 0] = process.argv.slice(2).map(Number);
const VARIANTS = 10;
const ROWS = 10_000;
const ADVANTAGE = 0.02;
/** Losses around 1 nat: a part that all variants share, and an error of each, so that differences deviate by 0.28 nats. */
const SHARED = 0.45;
const OWN = 0.2;
const MEAN = 1.2;
/** Clipping to [0.005, 0.99] bounds the difference of two log losses. */
const BOUND = Math.log(0.99 / 0.005);
const ALL = VARIANTS * ROWS;
const order = Uint32Array.from({ length: ROWS }, (_, row) => row);

for (const budget of [20_000, 50_000, ALL]) {
  const found = { right: 0, tied: 0, dropped: 0, decided: 0, spent: [], rows: [], corrected: 0, asRaced: 0, bias: [] };
  for (let seed = first; seed < first + simulations; seed += 1) race(budget, seed, found);
  const share = (count) => `${((100 * count) / simulations).toFixed(1)} %`;
  console.log(
    `budget ${budget} of ${ALL} prompts, ${simulations} simulations: the best wins ${share(found.right)}, wins or is not told apart ${share(found.right + found.tied)}, ` +
      `is dropped ${share(found.dropped)}; decided ${share(found.decided)}; prompts spent ${mean(found.spent).toFixed(0)} (${((100 * mean(found.spent)) / ALL).toFixed(0)} %), ` +
      `rows of the race ${mean(found.rows).toFixed(0)}; score on the held rows covers ${share(found.corrected)}, on the rows of the race ${share(found.asRaced)} ` +
      `(too good by ${(1000 * mean(found.bias)).toFixed(1)} thousandths of a nat)`,
  );
}

function race(budget, seed, found) {
  const plan = planRace(order, order, { budget: { kind: "prompts", prompts: budget }, orders: 1 });
  const lossesOf = simulate(seed);
  const pairs = createSequentialPairs({
    variants: VARIANTS,
    order: plan.race,
    groups: order,
    bound: BOUND,
    level: 0.95,
    margin: null,
    fine: false,
  });
  const seen = [];
  let spent = 0;
  let isIn = pairs.survivors();
  for (const row of plan.race) {
    const losses = lossesOf().map((loss, variant) => (isIn[variant] ? loss : undefined));
    spent += losses.filter((loss) => loss !== undefined).length;
    seen.push(losses);
    pairs.add(row, losses);
    isIn = pairs.survivors();
    if (pairs.isDecided() || spent >= plan.budget.prompts) break;
  }
  const winner = leaderOf(seen, isIn);
  const truth = MEAN - (winner === 0 ? ADVANTAGE : 0);
  const covers = (values) => {
    const { error, mean: middle } = bootstrapMean(
      Float64Array.from(values),
      Uint32Array.from(values, (_, row) => row),
      { seed, resamples: 1_000 },
    );
    return { holds: error.interval.low <= truth && truth <= error.interval.high, middle };
  };
  const held = covers(Array.from(plan.held, () => lossesOf()[winner]));
  const raced = covers(seen.map((losses) => losses[winner]));
  if (winner === 0) found.right += 1;
  else if (isIn[0]) found.tied += 1;
  if (!isIn[0]) found.dropped += 1;
  if (pairs.isDecided()) found.decided += 1;
  if (held.holds) found.corrected += 1;
  if (raced.holds) found.asRaced += 1;
  found.bias.push(truth - raced.middle);
  found.spent.push(spent + plan.held.length);
  found.rows.push(seen.length);
}

function simulate(seed) {
  const generator = seededGenerator(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  // A difference of more than the bound would be 19 standard deviations.
  return () => {
    const shared = MEAN + SHARED * normal();
    return Array.from({ length: VARIANTS }, (_, variant) => shared + OWN * normal() - (variant === 0 ? ADVANTAGE : 0));
  };
}
