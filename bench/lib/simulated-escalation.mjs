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
  "large knows nothing": { shared: 0.5, judges: [{ own: 1.5 }, { own: 40 }] },
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
 * an expectation over what the new answers may be given the answers that it has, and over the truth given all of them. The logits
 * of the combination are linear in the mean of each judge's readings, so that no reading has to be made up.
 */
export function trueFall(world, model, row, orders, to) {
  const known = [];
  const items = [];
  for (const judge of [0, 1]) {
    if (orders[judge].length === 0) continue;
    known.push(meanOf(orders[judge].map((order) => row.seen[judge][order])));
    items.push({ judge, count: orders[judge].length });
  }
  const news = [0, 1].flatMap((judge) => {
    const count = to[judge] - orders[judge].length;
    return count > 0 ? [{ judge, count }] : [];
  });
  const fresh = conditional(world, items, news);
  const all = conditional(world, [...items, ...news], ["truth"]);
  const before = combineAnswers(model, answersAfter(row, orders)).map((p) => Math.log(Math.max(1e-12, p)));
  const after = linearCombination(
    world,
    model,
    [0, 1].map((judge) => ordersAfter(orders[judge], to[judge])),
  );
  const centres = news.map((_, i) => fresh.meanOf(i, known));
  const values = [...known, ...news.map(() => [0, 0])];
  const means = [0, 1].map((judge) => items.findIndex((item) => item.judge === judge));
  const added = [0, 1].map((judge) => news.findIndex((item) => item.judge === judge));
  let fall = 0;
  for (const { weight, at } of nodesOf(news.length)) {
    for (let i = 0; i < news.length; i += 1) {
      for (let d = 0; d < 2; d += 1) {
        let value = centres[i][d];
        for (let k = 0; k <= i; k += 1) value += fresh.root[i][k] * at[2 * k + d];
        values[items.length + i][d] = value;
      }
    }
    const truth = meanSoftmax(all.meanOf(0, values), all.root[0][0]);
    const logits = [...after.base];
    for (const judge of [0, 1]) {
      const factor = after.factors[judge];
      if (factor === 0) continue;
      const share = orders[judge].length / to[judge];
      const [x, y] = [0, 1].map(
        (d) =>
          (share > 0 ? share * known[means[judge]][d] : 0) +
          (share < 1 ? (1 - share) * values[items.length + added[judge]][d] : 0),
      );
      logits[0] += factor * (A[0] * x + A[1] * y);
      logits[1] += factor * (A[1] * y - A[0] * x);
      logits[2] -= factor * 2 * A[1] * y;
    }
    const total = Math.log(Math.exp(logits[0]) + Math.exp(logits[1]) + Math.exp(logits[2]));
    for (let k = 0; k < 3; k += 1)
      fall += weight * truth[k] * (Math.max(Math.log(1e-12), logits[k] - total) - before[k]);
  }
  return fall;
}

function ordersAfter(have, count) {
  return [...have, ...["ab", "ba"].filter((order) => !have.includes(order))].slice(0, count);
}

/** The combination as logits = base + the sum over the judges of factor · (mean of the logits that the judge saw). */
function linearCombination(world, model, orders) {
  const [small, large] = orders.map(({ length }) => length);
  const { small: first, large: second } = large === 0 ? { small: 1, large: 0 } : model.weights[`${small}${large}`];
  const weights = [first, second];
  const base = model.prior.map((share) => (large === 0 ? 0 : (1 - first - second) * Math.log(share)));
  const factors = orders.map((asked, judge) => {
    if (asked.length === 0) return 0;
    const { scale, bias, first: shift, both } = model.judges[judge];
    const weight = weights[judge] * (asked.length === 2 ? both : 1);
    for (let k = 0; k < 3; k += 1) base[k] += weight * bias[k];
    for (const order of asked) {
      base[order === "ab" ? 0 : 1] += (weight * (scale * world.judges[judge].first + shift)) / asked.length;
    }
    return weight * scale * world.judges[judge].factor;
  });
  return { base, factors };
}

/** Largest difference of a probability by linearCombination from combineAnswers; to be about 0. */
export function checkLinear(world, model) {
  const differences = world.rows.slice(0, 20).flatMap((row) =>
    [
      [["ab"], []],
      [["ab", "ba"], []],
      [["ab"], ["ba"]],
      [["ab"], ["ab", "ba"]],
      [
        ["ba", "ab"],
        ["ab", "ba"],
      ],
    ].map((orders) => {
      const { base, factors } = linearCombination(world, model, orders);
      const seen = orders.map((asked, judge) =>
        asked.length === 0 ? [0, 0, 0] : classLogits(meanOf(asked.map((order) => row.seen[judge][order]))),
      );
      const linear = softmax(base.map((value, k) => value + factors[0] * seen[0][k] + factors[1] * seen[1][k]));
      const exact = combineAnswers(model, answersAfter(row, orders));
      return Math.max(...linear.map((p, k) => Math.abs(p - exact[k])));
    }),
  );
  return Math.max(...differences);
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
  const name = (item) => (item === "truth" ? item : `${item.judge}${item.count}`);
  const key = `${world.kind} ${known.map(name)} ${wanted.map(name)}`;
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
    const x = A[0] * (centre[0] + sd * at[0]);
    const y = A[1] * (centre[1] + sd * at[1]);
    const [a, b, tie] = [Math.exp(x + y), Math.exp(y - x), Math.exp(-2 * y)];
    const factor = weight / (a + b + tie);
    sum[0] += factor * a;
    sum[1] += factor * b;
    sum[2] += factor * tie;
  }
  return sum;
}
