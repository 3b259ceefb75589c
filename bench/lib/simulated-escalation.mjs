// A world of rows with known truth and two judges, and what an oracle knows of it.
//
// Logits live in the plane of three numbers that sum to 0, in two coordinates. The true logits of a row are normal; a reading is the true
// logits + an error that both judges share + an error of the judge + an error of the order, all normal and equal in all directions, times
// the judge's factor (above 1: too sure), plus a bias for the answer shown first. So the truth given any readings is known exactly.

import { softmax, swap } from "../../dist/classes.js";
import { combineAnswers } from "../../dist/escalate/combine.js";
import { seededGenerator } from "../../dist/numbers/random.js";

/** Standard deviations of the errors, in nats. */
export const KINDS = {
  "both well calibrated": { shared: 0.5, judges: [{ own: 1.5 }, { own: 0.7 }] },
  "large too sure": { shared: 0.5, judges: [{ own: 1.5 }, { own: 0.7, factor: 3 }] },
  "large barely better": { shared: 0.5, judges: [{ own: 1.5 }, { own: 1.3 }] },
  "large worse": { shared: 0.5, judges: [{ own: 1.1 }, { own: 2.2 }] },
  "errors shared": { shared: 1.5, judges: [{ own: 0.8 }, { own: 0.3 }] },
};
const DEFAULTS = { order: 0.7, factor: 0.8, first: 0.5 };
/** Standard deviation of the true logits, nats. */
const SPREAD = 1.8;
const MEAN = [0, 0.25];

/** Makes a world: rows with the true probabilities, readings of all four steps, tokens; and functions that the oracles need. */
export function simulateWorld(kind, rows, seed) {
  const { shared, judges: given } = KINDS[kind];
  const judges = given.map((judge) => ({ ...DEFAULTS, ...judge }));
  const generator = seededGenerator(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const pair = (sd) => [sd * normal(), sd * normal()];
  const world = { kind, shared, judges };
  const list = Array.from({ length: rows }, () => {
    const logits = plus(MEAN, pair(SPREAD));
    const common = plus(logits, pair(shared));
    const truth = softmax(classLogits(logits));
    const u = uniform();
    const label = u < truth[0] ? 0 : u < truth[0] + truth[1] ? 1 : 2;
    const seen = judges.map((judge) => {
      const own = plus(common, pair(judge.own));
      return { ab: plus(own, pair(judge.order)), ba: plus(own, pair(judge.order)) };
    });
    const readings = seen.map((both, j) => ({
      ab: shown(judges[j], both.ab, "ab"),
      ba: shown(judges[j], both.ba, "ba"),
    }));
    return { truth, label, seen, readings, tokens: Math.round(60 + Math.exp(5.6 + 0.7 * normal())) };
  });
  return { ...world, rows: list };
}

/** Expected log loss of probabilities, nats, if `truth` is the truth. */
export function expectedLoss(truth, probabilities) {
  return truth.reduce((sum, p, k) => sum - p * Math.log(Math.max(1e-12, probabilities[k])), 0);
}

/** The answers of a row after some steps: ["ab", ...] of each judge. */
export function answersAfter(row, orders) {
  return orders.map((asked, j) => ({
    ab: asked.includes("ab") ? row.readings[j].ab : null,
    ba: asked.includes("ba") ? row.readings[j].ba : null,
  }));
}

/**
 * The true expected fall of the log loss of the fitted combination, when a row with the answers `orders` gets as many orders as `to`:
 * an expectation over what the new answers may be given the answers that it has, and over the truth given all of them.
 */
export function trueFall(world, model, row, orders, to) {
  const have = orders.map((asked, j) => meanOf(asked.map((order) => row.seen[j][order])));
  const before = combineAnswers(model, answersAfter(row, orders));
  const items = [0, 1].flatMap((j) => (orders[j].length > 0 ? [{ judge: j, count: orders[j].length }] : []));
  const known = items.map(({ judge }) => have[judge]);
  const news = [0, 1].flatMap((j) => (to[j] > orders[j].length ? [{ judge: j, count: to[j] - orders[j].length }] : []));
  const fresh = conditional(world, items, news);
  const all = conditional(world, [...items, ...news], ["truth"]);
  let fall = 0;
  for (const { weight, at } of nodesOf(news.length)) {
    const values = news.map((_, i) => {
      const centre = fresh.meanOf(i, known);
      return [0, 1].map((d) => centre[d] + fresh.root[i].reduce((sum, factor, k) => sum + factor * at[2 * k + d], 0));
    });
    const centre = all.meanOf(0, [...known, ...values]);
    const truth = meanSoftmax(centre, all.root[0][0]);
    const answers = [0, 1].map((j) => {
      const i = news.findIndex(({ judge }) => judge === j);
      return withNew(world.judges[j], answersAfter(row, orders)[j], i < 0 ? 0 : news[i].count, values[i]);
    });
    const after = combineAnswers(model, answers);
    fall += weight * (expectedLoss(truth, before) - expectedLoss(truth, after));
  }
  return fall;
}

/** The mean of two readings stands for both: the combination depends on it alone. */
function withNew(judge, { ab, ba }, count, value) {
  if (count === 0) return { ab, ba };
  if (count === 2) return { ab: shown(judge, value, "ab"), ba: shown(judge, value, "ba") };
  return ab === null ? { ab: shown(judge, value, "ab"), ba } : { ab, ba: shown(judge, value, "ba") };
}

function shown(judge, seen, order) {
  const file = classLogits(seen).map((logit) => judge.factor * logit);
  const display = order === "ab" ? file : swap(file);
  return softmax([display[0] + judge.first, display[1], display[2]]).map(Math.log);
}

const A = [Math.SQRT1_2, 1 / Math.sqrt(6)];
function classLogits([x, y]) {
  return [A[0] * x + A[1] * y, -A[0] * x + A[1] * y, -2 * A[1] * y];
}

function plus(one, other) {
  return [one[0] + other[0], one[1] + other[1]];
}

function meanOf(pairs) {
  return [0, 1].map((d) => pairs.reduce((sum, pair) => sum + pair[d], 0) / pairs.length);
}

function covariance(world, one, other, same) {
  if (one === "truth" || other === "truth") return SPREAD ** 2;
  const common = SPREAD ** 2 + world.shared ** 2;
  if (one.judge !== other.judge) return common;
  const judge = world.judges[one.judge];
  return common + judge.own ** 2 + (same ? judge.order ** 2 / one.count : 0);
}

const conditionals = new Map();
/** The normal distribution of the wanted means given the known ones; equal in both coordinates. */
function conditional(world, known, wanted) {
  const key = JSON.stringify([world.kind, known, wanted]);
  if (conditionals.has(key)) return conditionals.get(key);
  const inner = known.map((one, i) => known.map((other, j) => covariance(world, one, other, i === j)));
  const cross = wanted.map((one) => known.map((other) => covariance(world, one, other, false)));
  const factors = cross.map((row) => solve(inner, row));
  const left = wanted.map((one, i) =>
    wanted.map(
      (other, j) => covariance(world, one, other, i === j) - factors[i].reduce((sum, f, k) => sum + f * cross[j][k], 0),
    ),
  );
  const result = {
    root: choleskyOf(left),
    meanOf: (i, values) =>
      MEAN.map((mean, d) => mean + factors[i].reduce((sum, f, k) => sum + f * (values[k][d] - mean), 0)),
  };
  conditionals.set(key, result);
  return result;
}

function choleskyOf(matrix) {
  const root = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < matrix.length; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const rest = matrix[i][j] - root[i].reduce((sum, value, k) => (k < j ? sum + value * root[j][k] : sum), 0);
      root[i][j] = i === j ? Math.sqrt(Math.max(0, rest)) : rest / root[j][j];
    }
  }
  return root;
}

function solve(matrix, right) {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < n; i += 1) {
    for (let k = i + 1; k < n; k += 1) {
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= n; j += 1) rows[k][j] -= factor * rows[i][j];
    }
  }
  const solution = Array(n).fill(0);
  for (let i = n - 1; i >= 0; i -= 1) {
    solution[i] =
      (rows[i][n] - rows[i].reduce((sum, v, j) => (j > i && j < n ? sum + v * solution[j] : sum), 0)) / rows[i][i];
  }
  return solution;
}

/** Gauss-Hermite nodes of a standard normal (Abramowitz and Stegun, table 25.10, scaled). */
const FIVE = [
  [-2.856970013872806, 0.01125741132772069],
  [-1.355626179974266, 0.2220759220056126],
  [0, 0.5333333333333333],
  [1.355626179974266, 0.2220759220056126],
  [2.856970013872806, 0.01125741132772069],
];
const THREE = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
];
const product = (nodes, dimensions) =>
  dimensions === 0
    ? [{ at: [], weight: 1 }]
    : product(nodes, dimensions - 1).flatMap(({ at, weight }) =>
        nodes.map(([x, w]) => ({ at: [...at, x], weight: weight * w })),
      );
const NODES = [null, product(FIVE, 2), product(THREE, 4)];
const nodesOf = (readings) => NODES[readings];
const AROUND = product(THREE, 2);

function meanSoftmax(centre, sd) {
  const sum = [0, 0, 0];
  for (const { at, weight } of AROUND) {
    const p = softmax(classLogits([centre[0] + sd * at[0], centre[1] + sd * at[1]]));
    for (let k = 0; k < 3; k += 1) sum[k] += weight * p[k];
  }
  return sum;
}
