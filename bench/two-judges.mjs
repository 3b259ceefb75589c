/*
 * Runs two judges of different quality on real vLLM on the CPU under a deadline, and compares the log loss with other ways: either judge
 * alone, and as many answers of the second judge on the first rows of the file, or on the least certain rows.
 *
 * Run as: npm run build && node bench/two-judges.mjs PHASE --input LABELLED.csv [--rows 600] [--folder /tmp/abtie-two-judges]
 *           [--minutes 7] [--deadline 6m] [--engine cpu-smollm2] [--judges JUDGES.yaml]
 *
 * PHASE pilot   both judges answer all rows in both orders, the rows of the even prompts in one run and those of the odd ones in another;
 *               a run ends after --minutes and is continued by the same command
 *       fit     fits the combination to the even prompts (`abtie calibrate`)
 *       run     judges the rows of the odd prompts from the start, both engines started by abtie in turns, until --deadline
 *       table   log losses of the odd prompts: of this run, and of the other ways from the answers of the pilot, with the start and
 *               scoring that each would take at the speeds of the pilot; intervals are of the difference to all rows by the first judge,
 *               bootstrap over prompts
 * The first judge gets 192 tokens of a prompt without instructions, the second up to 700 tokens of the template `rules`; --judges names
 * a file with the keys `engine` and `judges` of a config instead.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { parse as parseYaml } from "yaml";
import { applyCalibration } from "../dist/calibrate/apply.js";
import { combineAnswers } from "../dist/escalate/combine.js";
import { parseEscalation } from "../dist/escalate/file.js";
import { bootstrapMean } from "../dist/stats/bootstrap.js";
import { MAIN } from "./lib/job.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    input: { type: "string" },
    rows: { type: "string", default: "600" },
    folder: { type: "string", default: "/tmp/abtie-two-judges" },
    minutes: { type: "string", default: "7" },
    deadline: { type: "string", default: "6m" },
    engine: { type: "string", default: "cpu-smollm2" },
    judges: { type: "string" },
  },
});
const { folder } = values;
const PHASES = { pilot, fit, run: runInTime, table };
const phase = PHASES[positionals[0]];
if (phase === undefined) throw new Error(`name a phase: ${Object.keys(PHASES).join(", ")}`);
await prepare();
await phase();

/** Writes the rows, one half of them each, the template of the first judge, and both configs. */
async function prepare() {
  if (existsSync(join(folder, "timed.yaml"))) {
    if (values.input !== undefined || values.judges !== undefined)
      console.log(`${folder} exists: its rows and judges are used, whatever --input, --rows and --judges say`);
    return;
  }
  await mkdir(folder, { recursive: true });
  const all = parse(await readFile(resolve(values.input), "utf8"), { columns: true }).slice(0, Number(values.rows));
  const prompts = [...new Set(all.map(({ prompt }) => prompt))];
  const half = (odd) => all.filter(({ prompt }) => prompts.indexOf(prompt) % 2 === odd);
  const csv = (rows) => stringify(rows, { header: true });
  await writeFile(join(folder, "even.csv"), csv(half(0)));
  await writeFile(join(folder, "odd.csv"), csv(half(1)));
  await writeFile(
    join(folder, "bare.jinja"),
    '---\ndescription: No instructions.\nformat: raw\nlabels: {a: " A", b: " B", tie: " tie"}\nanswer_prefix: "Better:"\n---\n{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}\n',
  );
  const judges = { brief: { template: "./bare.jinja", context: 192 }, careful: { template: "rules", context: 700 } };
  const common =
    values.judges === undefined
      ? { engine: values.engine, judges }
      : parseYaml(await readFile(resolve(values.judges), "utf8"));
  for (const part of ["even", "odd"]) {
    const config = { input: `${part}.csv`, run: `pilot-${part}`, orders: "both", ...common };
    await writeFile(join(folder, `pilot-${part}.yaml`), JSON.stringify(config));
  }
  await writeFile(join(folder, "timed.yaml"), JSON.stringify({ input: "odd.csv", run: "timed", ...common }));
}

async function pilot() {
  const ms = 60_000 * Number(values.minutes);
  for (const part of ["even", "odd"]) {
    const status = await abtie(["run", `pilot-${part}.yaml`], ms);
    console.log(`exit status ${status} of the ${part} prompts`);
    if (status !== 0) return;
  }
}

async function fit() {
  await abtie(["calibrate", "pilot-even", "--labels", "even.csv", "-o", "both.json"]);
}

async function runInTime() {
  const began = Date.now();
  const fitted = existsSync(join(folder, "both.json")) ? ["--set", "calibration=both.json"] : [];
  const status = await abtie(["run", "timed.yaml", "--fresh", "--deadline", values.deadline, ...fitted]);
  console.log(
    `exit status ${status} after ${((Date.now() - began) / 1_000).toFixed(0)} s; the deadline was ${values.deadline}`,
  );
}

async function table() {
  const { model, pilot } = parseEscalation(await readFile(join(folder, "both.json"), "utf8"), "both.json");
  const labels = new Map(
    parse(await readFile(join(folder, "odd.csv"), "utf8"), { columns: true }).map((row) => [row.id, row]),
  );
  const prompts = [...new Set([...labels.values()].map(({ prompt }) => prompt))];
  const read = async (run) =>
    (await readFile(join(folder, run, "rows.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ id }) => labels.has(id));
  const full = await read("pilot-odd");
  if (full.some(({ ab, ba, second }) => !(ab && ba && second?.ab && second?.ba))) {
    throw new Error("the pilot has not answered every row in every way: call the phase `pilot` again");
  }
  const timed = await read("timed");
  const answersOf = ({ ab, ba, second }, [small, large]) => [
    { ab: ab.logProbs, ba: small > 1 ? ba.logProbs : null },
    { ab: large > 0 ? second.ab.logProbs : null, ba: large > 1 ? second.ba.logProbs : null },
  ];
  const lossOf = (id, probabilities) => {
    const { winner_model_a: a, winner_model_b: b } = labels.get(id);
    return -Math.log(Math.max(1e-15, probabilities[Number(a) === 1 ? 0 : Number(b) === 1 ? 1 : 2]));
  };
  const way = (countsOf) =>
    full.map((row, at) => lossOf(row.id, combineAnswers(model, answersOf(row, countsOf(row, at)))));
  const calls = timed.reduce((sum, { second }) => sum + (second?.ab ? 1 : 0) + (second?.ba ? 1 : 0), 0);
  const one = Math.min(calls, full.length);
  const first = full.map((row) => combineAnswers(model, answersOf(row, [1, 0])));
  const least = new Set(
    full
      .map((_, at) => at)
      .sort((one, other) => Math.max(...first[one]) - Math.max(...first[other]))
      .slice(0, one),
  );
  const small = way(() => [1, 0]);
  const alone = (judge, both) =>
    full.map(({ id, ab, ba, second }) => {
      const of = judge === 0 ? { ab, ba } : second;
      const shown = { ab: of.ab.logProbs, ba: both ? of.ba.logProbs : null };
      return lossOf(id, applyCalibration(model.judges[judge], shown));
    });
  const tokens = full.reduce((sum, row) => sum + row.second.ab.tokens, 0);
  const seconds = (orders) =>
    pilot?.tokensPerSecond
      ? `, ${((pilot.startUpSeconds[1] ?? 0) + (orders * tokens) / pilot.tokensPerSecond[1]).toFixed(0)} s`
      : "";
  // What the second judge alone would have done in the time that the run took: all rows once, then swapped; class shares for the others.
  const { seconds: taken } = JSON.parse(await readFile(join(folder, "timed", "summary.json"), "utf8"));
  const scoring = Math.max(0, taken.total - (pilot?.startUpSeconds[1] ?? 0));
  const inTime = Math.min(
    2 * full.length,
    Math.floor((scoring * (pilot?.tokensPerSecond?.[1] ?? 0) * full.length) / tokens),
  );
  const [once, twice] = [alone(1, false), alone(1, true)];
  const onlySecond = full.map(({ id }, at) =>
    at < inTime - full.length ? twice[at] : at < inTime ? once[at] : lossOf(id, model.prior),
  );
  const ways = {
    [`this run (${calls} answers of the second judge)`]: timed.map(({ id, probabilities }) =>
      lossOf(id, probabilities),
    ),
    "the first judge, one order": small,
    "the first judge, both orders": way(() => [2, 0]),
    [`the second judge alone in the time of this run, ${inTime} answers`]: onlySecond,
    [`the second judge alone, one order${seconds(1)}`]: alone(1, false),
    [`the second judge alone, both orders${seconds(2)}`]: alone(1, true),
    [`the second judge in the order of the file, ${one} answers as given`]: way((_, at) => [1, at < one ? 1 : 0]),
    [`the second judge for the least certain rows, ${one} answers as given`]: way((_, at) => [
      1,
      least.has(at) ? 1 : 0,
    ]),
    "both judges in both orders for every row (no deadline)": way(() => [2, 2]),
  };
  const groups = Uint32Array.from(full, ({ id }) => prompts.indexOf(labels.get(id).prompt));
  console.log(
    `${full.length} rows with ${prompts.length} prompts; timed rows in the same order: ${timed.every(({ id }, at) => id === full[at].id)}`,
  );
  for (const [name, losses] of Object.entries(ways)) {
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const { mean: gain, error } = bootstrapMean(
      Float64Array.from(losses, (loss, at) => small[at] - loss),
      groups,
      { seed: 1 },
    );
    const { low, high } = error?.interval ?? { low: Number.NaN, high: Number.NaN };
    console.log(`${name}: ${mean.toFixed(4)}; gain ${gain.toFixed(4)} (95 % ${low.toFixed(4)} to ${high.toFixed(4)})`);
  }
}

/** Runs abtie in the folder, with its output on the terminal; after `limitMs` it is interrupted. Returns the exit status. */
function abtie(args, limitMs = null) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: "inherit" });
  const timer = limitMs === null ? null : setTimeout(() => child.kill("SIGINT"), limitMs);
  return new Promise((ended) => {
    child.once("exit", (code) => {
      clearTimeout(timer);
      ended(code);
    });
  });
}
