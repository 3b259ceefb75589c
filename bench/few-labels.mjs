// Measures the coverage and the width of prediction-powered intervals against those of the labels alone.
// Run as: npm run build && node bench/few-labels.mjs [simulations, default 2000] [labels, default 200] [rows, default 5000] [judges, default all]
//
// In each simulation a judge judges all rows, `abtie sample`'s rule draws the labelled ones, and the intervals must cover the
// score of the judge in the population, which is computed once from a million rows.

import { softmax } from "../dist/classes.js";
import { sizesOf, worthLabelling } from "../dist/evaluate/worth-labelling.js";
import { hits } from "../dist/metrics/accuracy.js";
import { powerDifference, powerScores } from "../dist/metrics/few-labels.js";
import { logLosses } from "../dist/metrics/log-loss.js";
import { seededGenerator } from "../dist/numbers/random.js";
import { mean, subtract } from "../dist/numbers/sums.js";
import { inclusionProbabilities, systematicSample } from "../dist/stats/unequal-sample.js";

const [simulations = 2000, labels = 200, rows = 5000] = process.argv.slice(2, 5).map(Number);
const chosen = process.argv[5]?.split(",") ?? null;
const POPULATION = 1_000_000;
const OPTIONS = { seed: 1, resamples: 1_000 };

/** Each judge sees the true logits with an error, times a factor, plus a shift towards a. */
const JUDGES = {
  "well calibrated": { error: 0.5, factor: 0.8 },
  "too sure": { error: 0.7, factor: 3 },
  "too unsure": { error: 0.5, factor: 0.3 },
  "prefers a": { error: 0.7, factor: 1, shift: 1 },
  "knows nothing": { error: 1, factor: 1, blind: true },
  "two classes": { error: 0.7, factor: 1, classes: ["a", "b"] },
  "four a prompt": { error: 0.7, factor: 1, together: 4 },
};

console.log(
  `${simulations} simulations, ${labels} labels of ${rows} rows; coverage in %, width relative to labels alone`,
);
for (const [name, judge] of Object.entries(JUDGES)) {
  if (chosen !== null && !chosen.includes(name)) continue;
  const population = simulate(judge, POPULATION, 987_654_321);
  const truths = meansOf(population);
  for (const uniform of [1, 0.5]) {
    const found = new Map();
    for (let seed = 0; seed < simulations; seed += 1) {
      for (const [score, powered] of Object.entries(once(judge, seed, uniform))) {
        const { interval } = powered.error;
        const alone = powered.labelsOnly.error.interval;
        const truth = truths[score];
        const entry = found.get(score) ?? { powered: 0, alone: 0, ratios: [], lambdas: [] };
        found.set(score, entry);
        if (interval.low <= truth && truth <= interval.high) entry.powered += 1;
        if (alone.low <= truth && truth <= alone.high) entry.alone += 1;
        entry.ratios.push((interval.high - interval.low) / (alone.high - alone.low));
        entry.lambdas.push(powered.lambda);
      }
    }
    for (const [score, { powered, alone, ratios, lambdas }] of found) {
      const cells = [
        name.padEnd(16),
        (uniform === 1 ? "all alike" : "by worth").padEnd(10),
        score.padEnd(20),
        `truth ${truths[score].toFixed(3)}`,
        `labels alone ${percent(alone / simulations)}`,
        `powered ${percent(powered / simulations)}`,
        `width mean ${mean(ratios).toFixed(3)} max ${Math.max(...ratios).toFixed(3)}`,
        `lambda ${mean(lambdas).toFixed(2)}`,
      ];
      console.log(cells.join("  "));
    }
  }
}

function once(judge, seed, uniform) {
  const { first, second, truth, all, groups } = simulate(judge, rows, seed);
  const everyRow = { probabilities: first, isAnswered: () => true };
  const probabilities = inclusionProbabilities(sizesOf(worthLabelling([everyRow], rows), uniform), labels);
  const labelled = systematicSample(probabilities, seed);
  const inverse = Float64Array.from(labelled, (row) => 1 / probabilities[row]);
  const average = mean(inverse);
  const few = {
    labelled,
    truth: take(truth, labelled),
    all: take(all, labelled),
    groups,
    weights: inverse.map((weight) => weight / average),
  };
  const scores = powerScores(first, few, OPTIONS);
  const difference = powerDifference([first, second], few, OPTIONS);
  return {
    "log loss": scores.logLoss,
    accuracy: scores.accuracy,
    "win rate": scores.winRate,
    "log loss difference": difference.logLoss,
    "accuracy difference": difference.accuracy,
  };
}

function meansOf({ first, second, truth, all }) {
  const inside = Array.from({ length: all.values.length / 3 }, (_, row) => row).filter(
    (row) => !Number.isNaN(truth.values[truth.classes.length * row]),
  );
  const over = (values) => mean(inside.map((row) => values[row]));
  return {
    "log loss": over(logLosses(first, truth)),
    accuracy: over(hits(first, truth)),
    "win rate": mean(
      Array.from({ length: all.values.length / 3 }, (_, row) => all.values[3 * row] + all.values[3 * row + 2] / 2),
    ),
    "log loss difference": over(subtract(logLosses(first, truth), logLosses(second, truth))),
    "accuracy difference": over(subtract(hits(second, truth), hits(first, truth))),
  };
}

/**
 * Two judges of the same rows; the second has a little less error than the first. Rows of a prompt share half of the variance of
 * their true logits.
 */
function simulate({ error, factor, shift = 0, blind = false, together = 1, classes = ["a", "b", "tie"] }, count, seed) {
  const generator = seededGenerator(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const width = classes.length;
  const all = { classes: ["a", "b", "tie"], values: new Float64Array(3 * count) };
  const [first, second, truth] = [0, 1, 2].map(() => ({ classes, values: new Float64Array(width * count) }));
  const groups = Uint32Array.from({ length: count }, (_, row) => Math.floor(row / together));
  let shared = [0, 0, 0];
  const own = together === 1 ? 1 : Math.SQRT1_2;
  for (let row = 0; row < count; row += 1) {
    if (together > 1 && row % together === 0)
      shared = [normal(), normal(), normal()].map((value) => Math.SQRT1_2 * value);
    const drawn = [0, 1, 2].map((k) => own * normal() + shared[k]);
    const logits = [1.3 * drawn[0] + 0.2, 1.3 * drawn[1], 0.7 * drawn[2] - 0.7];
    const chances = softmax(logits);
    const u = uniform();
    const winner = u < chances[0] ? 0 : u < chances[0] + chances[1] ? 1 : 2;
    all.values[3 * row + winner] = 1;
    for (const [judge, scale] of [
      [first, error],
      [second, 0.8 * error],
    ]) {
      const seen = logits
        .slice(0, width)
        .map((logit, k) => (blind ? 0 : logit) + scale * normal() + (k === 0 ? shift : 0));
      const clipped = softmax(seen.map((logit) => factor * logit)).map((p) => Math.min(0.99, Math.max(0.005, p)));
      const sum = clipped.reduce((total, p) => total + p, 0);
      for (const [k, p] of clipped.entries()) judge.values[width * row + k] = p / sum;
    }
    for (let k = 0; k < width; k += 1) {
      truth.values[width * row + k] = winner < width ? Number(winner === k) : Number.NaN;
    }
  }
  return { first, second, truth, all, groups };
}

function take({ classes, values }, members) {
  const width = classes.length;
  const taken = new Float64Array(width * members.length);
  for (const [index, row] of members.entries()) {
    taken.set(values.subarray(width * row, width * (row + 1)), width * index);
  }
  return { classes, values: taken };
}

function percent(share) {
  return (100 * share).toFixed(1);
}
