// Measures escalation under a deadline on simulated jobs with known truth, beside the alternatives and two oracles.
// Run as: npm run build && node bench/escalation.mjs [--jobs 1000] [--first 0] [--out jobs.jsonl]
//     or: node bench/escalation.mjs --read jobs-1.jsonl --read jobs-2.jsonl
//
// A job has 600 rows, small and large judges of one of six kinds, a model that was fitted to 200, 500 or 2,000 other labelled rows, a
// deadline of 1.1 to 3 times the small judge's pass, and engines that take turns or run side by side. Ten jobs share the rows. The
// script's clock is simulated: the pace of the large judge and its start are known with errors of 20 and 30 %, and prompts vary by 30 %.
// Log losses are expectations over the true probabilities of the label, so that they have no noise of labels.
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { matrixOf } from "../dist/class-matrix.js";
import { combineAnswers } from "../dist/escalate/combine.js";
import { impurity } from "../dist/escalate/fall.js";
import { defaultEscalation } from "../dist/escalate/model.js";
import { planByFalls, planEscalation } from "../dist/escalate/plan.js";
import { studyEscalation } from "../dist/escalate/study.js";
import { seededGenerator } from "../dist/numbers/random.js";
import { mean, sum } from "../dist/numbers/sums.js";
import { bootstrapMean } from "../dist/stats/bootstrap.js";
import { CLASSES } from "../dist/types.js";
import {
  answersAfter,
  checkLinear,
  expectedLoss,
  KINDS,
  simulateWorld,
  trueFall,
} from "./lib/simulated-escalation.mjs";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "1000" },
    first: { type: "string", default: "0" },
    out: { type: "string" },
    read: { type: "string", multiple: true },
  },
});

const ROWS = 600;
const DEADLINES = [1.1, 1.5, 2, 2.5, 3];
const ENGINES = ["turns", "side-by-side"];
const LABELLED = [200, 500, 2_000];
const SHARES = [0.1, 0.2, 0.4, 0.6, 1];
const POLICIES = [
  "small",
  "escalate",
  "guess",
  "oracle",
  "labels",
  "large",
  ...SHARES.map((share) => `share ${share}`),
];
const PACE = { secondsPerRow: 0.02, secondsPerToken: 1e-4 };
/** What further answers bring, where no labelled row says it. */
const GUESSED = defaultEscalation(CLASSES).falls;
const NOTHING = { steps: [[], []], action: "finish" };
const ERRORS = { small: 0.03, large: 0.2, start: 0.3, step: 0.3 };

const jobs = values.read === undefined ? await simulate() : (await Promise.all(values.read.map(readJobs))).flat();
summarize(jobs);

async function simulate() {
  const [first, count] = [Number(values.first), Number(values.jobs)];
  if (values.out !== undefined) await writeFile(values.out, "");
  const done = [];
  let world = null;
  for (let job = first; job < first + count; job += 1) {
    const number = Math.floor(job / 10);
    if (world?.number !== number) world = openWorld(number);
    const setting = { deadline: DEADLINES[job % 5], engines: ENGINES[Math.floor(job / 5) % 2], seed: job };
    const results = Object.fromEntries(POLICIES.map((policy) => [policy, runJob(world, setting, policy)]));
    const record = {
      job,
      world: number,
      kind: world.kind,
      labelled: world.labelled,
      refused: world.refused,
      ...setting,
      results,
    };
    done.push(record);
    if (values.out !== undefined) await appendFile(values.out, `${JSON.stringify(record)}\n`);
  }
  return done;
}

async function readJobs(path) {
  return (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function openWorld(number) {
  const kinds = Object.keys(KINDS);
  const kind = kinds[number % kinds.length];
  const labelled = LABELLED[Math.floor(number / kinds.length) % LABELLED.length];
  const known = simulateWorld(kind, labelled, 1_000_003 + number);
  const of = (judge, order) =>
    matrixOf(
      CLASSES,
      known.rows.map(({ readings }) => readings[judge][order]),
    );
  const study = studyEscalation(
    {
      readings: [0, 1].map((judge) => ({ ab: of(judge, "ab"), ba: of(judge, "ba") })),
      truth: matrixOf(
        CLASSES,
        known.rows.map(({ label }) => CLASSES.map((_, k) => (k === label ? 1 : 0))),
      ),
      groups: Uint32Array.from(known.rows.keys()),
    },
    { seed: number, resamples: 100, repeats: 2 },
  );
  const simulated = simulateWorld(kind, ROWS, number);
  const error = study.model === null ? 0 : checkLinear(simulated, study.model);
  if (error > 1e-9) throw new Error(`the oracle of job set ${number} is wrong: its combination differs by ${error}`);
  return {
    ...simulated,
    number,
    labelled,
    refused: study.refusal !== null,
    model: study.model,
    falls: new Map(),
    combined: new Map(),
  };
}

/**
 * Plays one job; returns the mean log loss, the answers by judge, and how many prompts the deadline cut off. A later answer does not
 * count.
 */
function runJob(world, { deadline, engines, seed }, policy) {
  const draw = seededGenerator(77_777 + seed);
  const uniform = () => ((draw.next() >>> 0) + 0.5) / 2 ** 32;
  const factor = (sd) => Math.exp(sd * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
  const slower = 3 + 3 * uniform();
  const pass = sum(world.rows.map(({ tokens }) => secondsOf(PACE, tokens)));
  const start = pass * (0.03 + 0.25 * uniform());
  const job = {
    world,
    policy,
    engines,
    end: deadline * pass,
    large: { secondsPerRow: slower * PACE.secondsPerRow, secondsPerToken: slower * PACE.secondsPerToken },
    actual: [factor(ERRORS.small), slower * factor(ERRORS.large)],
    start: { expected: start, actual: start * factor(ERRORS.start) },
    orders: world.rows.map(() => [[], []]),
    views: [],
    measured: [
      { steps: 0, expected: 0, actual: 0 },
      { steps: 0, expected: 0, actual: 0 },
    ],
    firstLeft: [...world.rows.keys()],
    noise: () => factor(ERRORS.step),
    cut: 0,
  };
  if (engines === "turns") playTurns(job);
  else playSideBySide(job);
  const losses = world.rows.map((row, i) => {
    const p = job.orders[i][0].length === 0 ? world.model.prior : combinedOf(world, i, job.orders[i]);
    return { expected: expectedLoss(row.truth, p), label: -Math.log(Math.max(1e-12, p[row.label])) };
  });
  const counts = [0, 1].map((judge) => sum(job.orders.map((orders) => orders[judge].length)));
  return {
    loss: mean(losses.map(({ expected }) => expected)),
    label: mean(losses.map(({ label }) => label)),
    cut: job.cut,
    counts,
  };
}

function playTurns(job) {
  let now = work(job, 0, 0, job.end, firstPass(job));
  let running = 0;
  while (now < job.end) {
    const plan = decide(job, {
      kind: "turns",
      running,
      secondsLeft: job.end - now,
      startUp: { seconds: startOf(job), error: knows(job) ? 0 : ERRORS.start },
    });
    if (plan.action === "finish") return;
    if (plan.action === "switch") {
      running = 1;
      now += job.start.actual;
      continue;
    }
    const until = now + Math.max((job.end - now) / 6, job.end / 100);
    const before = now;
    now = work(job, running, now, Math.min(until, job.end), plan.steps[running]);
    if (now === before) return;
  }
}

function playSideBySide(job) {
  const clocks = [0, 0];
  const tick = job.end / 25;
  for (let until = tick; until < job.end + tick / 2; until += tick) {
    const end = Math.min(until, job.end);
    clocks[0] = work(job, 0, clocks[0], end, firstPass(job));
    const left = sum(job.firstLeft.map((row) => secondsOf(paceOf(job, 0), job.world.rows[row].tokens)));
    const plan = decide(job, {
      kind: "side-by-side",
      secondsLeft: [Math.max(0, job.end - clocks[0] - left), job.end - clocks[1]],
    });
    if (job.firstLeft.length === 0) clocks[0] = work(job, 0, clocks[0], end, plan.steps[0]);
    clocks[1] = work(job, 1, clocks[1], end, plan.steps[1]);
    // An engine without work waits.
    for (const engine of [0, 1]) clocks[engine] = Math.max(clocks[engine], Math.min(end, until - tick / 2));
  }
}

function firstPass(job) {
  return job.firstLeft.map((row) => ({ row, step: { judge: 0, order: "ab" } }));
}

/** Asks steps until a time; a step that is expected to end after the deadline is not begun. Returns when the last one ended. */
function work(job, engine, from, until, steps) {
  let now = from;
  for (const { row, step } of steps) {
    const { tokens } = job.world.rows[row];
    const expected = secondsOf(engine === 0 ? PACE : job.large, tokens);
    if (now >= until || now + secondsOf(paceOf(job, engine), tokens) > job.end) break;
    const seconds = secondsOf(PACE, tokens) * job.actual[engine] * job.noise();
    now += seconds;
    const measured = job.measured[engine];
    measured.steps += 1;
    measured.expected += expected;
    measured.actual += seconds;
    if (now > job.end) {
      job.cut += 1;
      return job.end;
    }
    job.orders[row][step.judge].push(step.order);
    job.views[row] = undefined;
    if (step.judge === 0 && step.order === "ab") job.firstLeft.splice(job.firstLeft.indexOf(row), 1);
  }
  return now;
}

function knows({ policy }) {
  return policy === "oracle" || policy === "labels";
}

function startOf(job) {
  return knows(job) ? job.start.actual : job.start.expected;
}

/** What is known of the pace of a judge: measured after 20 steps, expected before; the oracles know it. */
function paceOf(job, judge) {
  const { steps, expected, actual } = job.measured[judge];
  const ratio = knows(job)
    ? judge === 0
      ? job.actual[0]
      : job.actual[1] * (PACE.secondsPerRow / job.large.secondsPerRow)
    : steps >= 20
      ? actual / expected
      : 1;
  const known = knows(job) ? 0 : steps >= 20 ? 0.05 : judge === 0 ? ERRORS.small : ERRORS.large;
  const pace = judge === 0 ? PACE : job.large;
  return { secondsPerRow: ratio * pace.secondsPerRow, secondsPerToken: ratio * pace.secondsPerToken, error: known };
}

function secondsOf({ secondsPerRow, secondsPerToken }, tokens) {
  return secondsPerRow + secondsPerToken * tokens;
}

function decide(job, engines) {
  const { policy, world } = job;
  if (policy === "small") return NOTHING;
  const rows = [];
  for (let row = 0; row < world.rows.length; row += 1) {
    job.views[row] ??= viewOf(job, row);
    if (job.views[row].open.length > 0) rows.push(job.views[row]);
  }
  const time = { rows, paces: [paceOf(job, 0), paceOf(job, 1)], engines };
  if (policy === "escalate") return planEscalation({ ...time, model: world.model });
  if (policy === "guess") return planEscalation({ ...time, model: { ...world.model, falls: GUESSED } });
  if (policy === "oracle") return planByFalls(time, (row, to) => knownFall(job, row, to));
  if (policy === "labels") return planByFalls(time, (row, to) => labelFall(job, row, to));
  const left = rows.filter(({ counts }) => counts[1] === 0);
  const share = policy === "large" ? 1 : Number(policy.slice("share ".length));
  const room = Math.max(
    0,
    Math.round(share * world.rows.length) - job.orders.filter((orders) => orders[1].length > 0).length,
  );
  if (policy !== "large") left.sort((one, other) => impurity(other.probabilities) - impurity(one.probabilities));
  const steps = left.slice(0, room).map(({ row }) => ({ row, step: { judge: 1, order: "ab" } }));
  if (steps.length === 0) return NOTHING;
  return { steps: [[], steps], action: engines.kind === "turns" && engines.running === 0 ? "switch" : "ask" };
}

/** A row as the planner sees it. A row without an answer of the small judge may not be asked anything else. */
function viewOf({ world, orders }, row) {
  const { tokens } = world.rows[row];
  const asked = orders[row];
  const counts = asked.map(({ length }) => length);
  if (counts[0] === 0) return { row, counts, open: [], tokens: [tokens, tokens], key: "" };
  const open = [];
  for (const judge of [0, 1]) {
    for (const order of ["ab", "ba"]) if (!asked[judge].includes(order)) open.push({ judge, order });
  }
  return {
    row,
    probabilities: combinedOf(world, row, asked),
    counts,
    open,
    tokens: [tokens, tokens],
    key: keyOf(row, asked),
  };
}

function keyOf(row, orders) {
  return `${row} ${orders[0].join("")}/${orders[1].join("")}`;
}

function combinedOf(world, row, orders) {
  const key = keyOf(row, orders);
  if (!world.combined.has(key))
    world.combined.set(key, combineAnswers(world.model, answersAfter(world.rows[row], orders)));
  return world.combined.get(key);
}

function knownFall({ world, orders }, { row, counts, key: answers }, to) {
  if (counts.every((count, judge) => count === to[judge])) return 0;
  const key = `${answers} ${to[0]}${to[1]}`;
  if (!world.falls.has(key)) world.falls.set(key, trueFall(world, world.model, world.rows[row], orders[row], to));
  return world.falls.get(key);
}

function labelFall({ world, orders }, { row, probabilities }, to) {
  const asked = orders[row].map((have, judge) =>
    [...have, ...["ab", "ba"].filter((order) => !have.includes(order))].slice(0, to[judge]),
  );
  const after = combinedOf(world, row, asked);
  return Math.log(after[world.rows[row].label] / probabilities[world.rows[row].label]);
}

function summarize(all) {
  const number = (value) => value.toFixed(4);
  const cells = [
    ...Object.keys(KINDS).map((kind) => [kind, all.filter((job) => job.kind === kind)]),
    ["all kinds", all],
  ];
  for (const engines of [...ENGINES, "both"]) {
    console.log(`\nengines: ${engines}`);
    for (const [kind, some] of cells) {
      const chosen = some.filter((job) => engines === "both" || job.engines === engines);
      if (chosen.length > 0) console.log(`  ${kind.padEnd(22)} ${line(chosen, number)}`);
    }
  }
  console.log("\nby deadline and by labelled rows, both engines");
  for (const deadline of DEADLINES)
    console.log(
      `  ${String(deadline).padEnd(22)} ${line(
        all.filter((job) => job.deadline === deadline),
        number,
      )}`,
    );
  for (const rows of LABELLED)
    console.log(
      `  ${`${rows} labelled`.padEnd(22)} ${line(
        all.filter((job) => job.labelled === rows),
        number,
      )}`,
    );
  console.log(
    `refused models: ${new Set(all.filter(({ refused }) => refused).map(({ world }) => world)).size} of ${new Set(all.map(({ world }) => world)).size}`,
  );
}

function line(jobs, number) {
  if (jobs.length === 0) return "no jobs";
  const at = (policy) => mean(jobs.map(({ results }) => results[policy].loss));
  const fall = (policy) => jobs.map(({ results }) => results.small.loss - results[policy].loss);
  const shares = SHARES.map((share) => `share ${share}`).toSorted((one, other) => at(one) - at(other));
  const [ours, theirs] = [fall("escalate"), fall("oracle")];
  const way = mean(ours) / mean(theirs);
  // The ratio of two means, linearised: the interval of the mean of (ours - way * theirs) / mean of theirs.
  const spread = Float64Array.from(ours, (value, i) => way + (value - way * theirs[i]) / mean(theirs));
  const worlds = Uint32Array.from(jobs, ({ world }) => world);
  const interval = (list) =>
    bootstrapMean(Float64Array.from(list), worlds, { seed: 1, resamples: 2_000 }).error?.interval;
  const text = (interval) =>
    interval === undefined || interval === null ? "" : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
  const worse = ours.filter((value) => value < 0);
  return [
    `${jobs.length} jobs: small ${number(at("small"))}`,
    `escalation ${number(at("escalate"))}`,
    `oracle ${number(at("oracle"))}`,
    `way ${(100 * way).toFixed(1)} %${text(interval(spread))}`,
    `gain ${mean(ours).toFixed(4)}${text(interval(ours))}`,
    `with guessed falls ${number(at("guess"))}`,
    `large ${number(at("large"))}`,
    `best share ${number(at(shares[0]))} [${shares[0].slice(6)}]`,
    `labels known: ${number(mean(jobs.map(({ results }) => results.small.label - results.labels.label)))} of fall`,
    `worse than small ${worse.length}, worst ${number(Math.min(...ours))}`,
    `cut at the deadline ${(sum(jobs.map(({ results }) => results.escalate.cut)) / jobs.length).toFixed(2)} prompts a job`,
  ].join(", ");
}
