// Measures the coverage of sets of verdicts by class, and the error of accepted verdicts, on held-out real rows.
// Run as: npm run build && node bench/verdict-sets.mjs FILE|RUN... [--splits 200] [--labels FILE]
//
// A file has labelled rows (`pandalm.csv`); simulated judges read them: the logit of the label is raised, with an error of
// which the rows of a prompt share half. Of a run the readings are its own, with the labels of
// its input or of --labels. In each split half of the
// prompts are the labelled rows of a user, of which half fit the calibration and half the rules; the other half are held out.

import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { applyCalibration } from "../dist/calibrate/apply.js";
import { fitCalibration } from "../dist/calibrate/fit.js";
import { readingsOf } from "../dist/calibrate/readings.js";
import { fitVerdictRules, splitForVerdicts, verdictOfRow } from "../dist/calibrate/verdicts.js";
import { pickRows, rowAt, rowsOf } from "../dist/class-matrix.js";
import { argmax } from "../dist/classes.js";
import { openRows } from "../dist/job/open-rows.js";
import { labelsFor } from "../dist/metrics/labels-for.js";
import { seededGenerator } from "../dist/numbers/random.js";
import { loadRunFolder } from "../dist/runfolder/load-run-folder.js";
import { DEFAULT_COLUMNS } from "../dist/types.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { splits: { type: "string", default: "200" }, labels: { type: "string" } },
});
const splits = Number(values.splits);
const TARGETS = { coverage: 0.9, maxError: 0.3, confidence: 0.9 };
const JUDGES = { strong: 2.5, weak: 1, "knows nothing": 0 };

console.log(
  `${splits} splits by prompt; sets for ${100 * TARGETS.coverage} %, accepted verdicts wrong in at most ${100 * TARGETS.maxError} % with ${100 * TARGETS.confidence} % confidence`,
);
for (const path of positionals) {
  if (statSync(path).isDirectory()) measure(path, await readRun(path));
  else
    for (const [name, strength] of Object.entries(JUDGES))
      measure(`${path}, ${name} judge`, await simulate(path, strength));
}

function measure(name, labelled) {
  const { classes } = labelled.truth;
  const held = classes.map(() => 0);
  const count = classes.map(() => 0);
  const size = { sum: 0, rows: 0 };
  const errors = { kept: 0, any: 0, wrong: 0, accepted: 0, rows: 0 };
  for (let seed = 0; seed < splits; seed += 1) {
    const { fit: known, rules: rest } = splitForVerdicts(labelled.groups, 7_919 * (seed + 1));
    const own = take(labelled, known);
    const parts = splitForVerdicts(own.groups, seed);
    const kind = Number.isNaN(own.readings.ba.values[0]) ? "temperature-bias" : "temperature-bias-position";
    const parameters = fitCalibration(kind, own, parts.fit);
    const rules = fitVerdictRules(parameters, take(own, parts.rules), TARGETS, seed);
    const other = take(labelled, rest);
    let [wrong, accepted] = [0, 0];
    for (let row = 0; row < rowsOf(other.truth); row += 1) {
      const readings = readingsOf(other.readings, row);
      const probabilities = applyCalibration(parameters, readings);
      const obtained = readings.ba === null ? "one-order" : "both-orders";
      const { set, abstains } = verdictOfRow(rules, { probabilities, obtained, reason: null });
      size.sum += set.length;
      size.rows += 1;
      for (const [k, share] of rowAt(other.truth, row).entries()) {
        count[k] += share;
        if (set.includes(classes[k])) held[k] += share;
      }
      if (abstains) continue;
      accepted += 1;
      wrong += 1 - rowAt(other.truth, row)[argmax(probabilities)];
    }
    errors.rows += rowsOf(other.truth);
    errors.accepted += accepted;
    errors.wrong += wrong;
    if (accepted > 0) errors.any += 1;
    if (accepted === 0 || wrong <= TARGETS.maxError * accepted) errors.kept += 1;
  }
  const coverage = classes.map(
    (of, k) => `${of} ${percent(held[k] / count[k])} (${Math.round(count[k] / splits)} rows)`,
  );
  console.log(
    `${name}: coverage ${coverage.join(", ")}; mean size ${(size.sum / size.rows).toFixed(2)}; accepted ${percent(errors.accepted / errors.rows)} of the rows, ` +
      `wrong ${percent(errors.wrong / Math.max(1, errors.accepted))}; a threshold in ${errors.any} of ${splits} splits, kept in ${percent(errors.kept / splits)}`,
  );
}

async function simulate(path, strength) {
  const dataset = await openRows(
    { input: path, columns: DEFAULT_COLUMNS, truth: "labels", limit: null, shard: null },
    new AbortController().signal,
  );
  const { truth, groups } = dataset;
  await dataset[Symbol.asyncDispose]();
  const generator = seededGenerator(5);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const shared = new Map();
  const ab = { classes: truth.classes, values: new Float64Array(truth.values.length) };
  for (let row = 0; row < groups.length; row += 1) {
    if (!shared.has(groups[row]))
      shared.set(
        groups[row],
        [0, 1, 2].map(() => Math.SQRT1_2 * normal()),
      );
    const logits = [0, 1, 2].map(
      (k) => strength * truth.values[3 * row + k] + Math.SQRT1_2 * normal() + shared.get(groups[row])[k],
    );
    // Too sure, and shy of ties.
    ab.values.set(
      logits.map((logit, k) => 2 * logit - (k === 2 ? 2 : 0)),
      3 * row,
    );
  }
  const ba = { classes: truth.classes, values: new Float64Array(truth.values.length).fill(Number.NaN) };
  return {
    readings: { ab, ba },
    truth: { classes: truth.classes, values: truth.values.slice() },
    groups: groups.slice(),
  };
}

async function readRun(path) {
  const run = await loadRunFolder(path);
  const dataset = await openRows(
    { input: values.labels ?? run.config.input, columns: DEFAULT_COLUMNS, truth: "labels", limit: null, shard: null },
    new AbortController().signal,
  );
  const indexOf = new Map(dataset.ids.map((id, index) => [id, index]));
  const judged = Uint32Array.from(run.rows.ids.keys()).filter((row) => indexOf.has(run.rows.ids[row]));
  const indexes = Uint32Array.from(judged, (row) => indexOf.get(run.rows.ids[row]));
  const { rows, truth } = labelsFor(run.config.classes, pickRows(dataset.truth, indexes));
  const groups = Uint32Array.from(indexes, (index) => dataset.groups[index]);
  await dataset[Symbol.asyncDispose]();
  const { ab, ba } = run.rows.readings;
  return take({ readings: { ab: pickRows(ab, judged), ba: pickRows(ba, judged) }, truth, groups }, rows);
}

function take({ readings, truth, groups }, rows) {
  return {
    readings: { ab: pickRows(readings.ab, rows), ba: pickRows(readings.ba, rows) },
    truth: pickRows(truth, rows),
    groups: Uint32Array.from(rows, (row) => groups[row]),
  };
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
