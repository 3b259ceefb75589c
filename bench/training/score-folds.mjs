// Scores judges that were trained with cross-validation: their held-out predictions of all folds together, each row by the judge
// that did not see it, against the class prior and against the calibrated judge that was not trained.
// Run as: npm run build && node bench/training/score-folds.mjs DATA PREDICTIONS[,PREDICTIONS...] ZERO [ZERO...] [--beside JUDGE]
//   DATA         a folder of `abtie prepare` with both orders: rows, folds, prompts and targets
//   PREDICTIONS  JSON lines {"job","id","order","logits"}, also .gz; jobs NAME-fold0 to NAME-foldN belong together. Those of
//                shallow_judges.py show what the lengths of the answers, and their writers, say alone
//   ZERO         jobs with all rows, scored without training; calibrated here with the same folds (temperature, bias, position)
//   --beside     a judge for a further column: its log loss less that of each judge
// Gain: log loss (nats) of the prior, or of the best ZERO, less that of the judge, with 95 % intervals over prompts. The prior of
// a row is the mean target of the other folds. A against B alone: the probability of a given that it is no tie, over the rows
// weighted by the share of their votes that is no tie.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { applyCalibration } from "../../dist/calibrate/apply.js";
import { createFitter } from "../../dist/calibrate/fit.js";
import { rawProbabilities, readingsOf } from "../../dist/calibrate/readings.js";
import { matrixOf, rowAt } from "../../dist/class-matrix.js";
import { bootstrapMean } from "../../dist/stats/bootstrap.js";

const CLASSES = ["a", "b", "tie"];
const { values, positionals } = parseArgs({ allowPositionals: true, options: { beside: { type: "string" } } });
const [folder, files, ...zeroShot] = positionals;
const rows = readRows(join(folder, "examples.jsonl"));
const groups = Uint32Array.from(rows, (row) => row.group);
const truth = matrixOf(
  CLASSES,
  rows.map((row) => row.target),
);
const predictions = readPredictions(files.split(","));
const prior = rows.map((row) => meanOf(rows.filter((other) => other.fold !== row.fold).map((other) => other.target)));

const judges = new Map();
for (const [name, readings] of predictions) {
  if (zeroShot.includes(name)) judges.set(`${name} calibrated`, calibrated(readings));
  judges.set(name, everyRow(readings, rawProbabilities));
  if (!zeroShot.includes(name)) judges.set(`${name} calibrated`, calibrated(readings));
}
const best = [...judges.keys()].filter((name) => name.endsWith(" calibrated") && zeroShot.includes(name.slice(0, -11)));
const untrained = best.sort((x, y) => meanLoss(judges.get(x)) - meanLoss(judges.get(y)))[0];

console.log(
  `${rows.length} rows, ${new Set(groups).size} prompts; log loss of the prior ${meanLoss(prior).toFixed(4)}`,
);
const beside = judges.get(values.beside);
const columns = ["judge", "log loss", "gain over the prior", "gain over the untrained judge", "A against B alone"];
console.log([...columns, "accuracy", ...(beside === undefined ? [] : [`gain over ${values.beside}`])].join(" | "));
for (const [name, probabilities] of judges) {
  const cells = [
    name,
    meanLoss(probabilities).toFixed(4),
    gain(losses(prior), losses(probabilities)),
    untrained === undefined || name === untrained ? "" : gain(losses(judges.get(untrained)), losses(probabilities)),
    gain(losses(prior.map(pairOnly), true), losses(probabilities.map(pairOnly), true), tieless()),
    accuracy(probabilities).toFixed(3),
    ...(beside === undefined ? [] : [gain(losses(beside), losses(probabilities))]),
  ];
  console.log(cells.join(" | "));
}
if (untrained !== undefined) console.log(`the untrained judge is ${untrained}`);

function readRows(path) {
  const found = new Map();
  for (const example of jsonLines(path)) {
    const [first, second, tie] = example.target;
    const target = example.order === "ab" ? [first, second, tie] : [second, first, tie];
    found.set(example.id, { id: example.id, fold: example.fold, group: example.group, target });
  }
  return [...found.values()];
}

function readPredictions(paths) {
  const place = new Map(rows.map((row, index) => [row.id, index]));
  const found = new Map();
  for (const { job, id, order, logits } of paths.flatMap(jsonLines)) {
    const name = job.replace(/-fold\d+$/, "");
    if (!found.has(name)) found.set(name, { ab: new Map(), ba: new Map() });
    if (place.has(id)) found.get(name)[order].set(place.get(id), logits);
  }
  const whole = [...found].filter(([, { ab, ba }]) => ab.size === rows.length && ba.size === rows.length);
  const named = whole.map(([name, { ab, ba }]) => [name, { ab: inOrder(ab), ba: inOrder(ba) }]);
  const left = [...found.keys()].filter((name) => !named.some(([kept]) => kept === name));
  if (left.length > 0)
    console.log(`left out, because rows are missing (of this data, or of a fold): ${left.join(", ")}`);
  return new Map(named);
}

function inOrder(byRow) {
  return matrixOf(
    CLASSES,
    rows.map((_, index) => byRow.get(index)),
  );
}

function jsonLines(path) {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function everyRow(readings, toProbabilities) {
  return rows.map((_, index) => toProbabilities(readingsOf(readings, index), index));
}

function calibrated(readings) {
  const fitOn = createFitter("temperature-bias-position", { readings, truth, groups });
  const folds = [...new Set(rows.map((row) => row.fold))];
  const others = (fold) => Uint32Array.from(rows.flatMap((row, index) => (row.fold === fold ? [] : [index])));
  const parameters = new Map(folds.map((fold) => [fold, fitOn(others(fold))]));
  return everyRow(readings, (reading, index) => applyCalibration(parameters.get(rows[index].fold), reading));
}

function losses(probabilities, pair = false) {
  return Float64Array.from(probabilities, (each, index) => {
    const target = pair ? pairOnly(rowAt(truth, index)) : rowAt(truth, index);
    return each.reduce((total, p, k) => total - (target[k] === 0 ? 0 : target[k] * Math.log(Math.max(p, 1e-15))), 0);
  });
}

function meanLoss(probabilities) {
  return losses(probabilities).reduce((x, y) => x + y, 0) / rows.length;
}

function gain(before, after, weights = null) {
  const kept = [...before.keys()].filter((index) => weights === null || weights[index] > 0);
  const { mean, error } = bootstrapMean(
    Float64Array.from(kept, (index) => before[index] - after[index]),
    Uint32Array.from(kept, (index) => groups[index]),
    { seed: 1 },
    weights === null ? null : Float64Array.from(kept, (index) => weights[index]),
  );
  return `${mean.toFixed(3)} (${error.interval.low.toFixed(3)} to ${error.interval.high.toFixed(3)})`;
}

function pairOnly([a, b]) {
  return a + b === 0 ? [0.5, 0.5] : [a / (a + b), b / (a + b)];
}

function tieless() {
  return Float64Array.from(rows, (_, index) => 1 - rowAt(truth, index)[2]);
}

function accuracy(probabilities) {
  const largest = (numbers) => numbers.indexOf(Math.max(...numbers));
  const right = probabilities.filter((each, index) => largest(each) === largest(rowAt(truth, index)));
  return right.length / rows.length;
}

function meanOf(targets) {
  return CLASSES.map((_, k) => targets.reduce((total, target) => total + target[k], 0) / targets.length);
}
