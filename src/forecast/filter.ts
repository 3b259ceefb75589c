import { add, addOuter, dot, elementAt, multiply, SIZE, setBoth, setVariance } from "./covariance.ts";

/** What one filter believes about the server; fixed for its life. Several filters with different beliefs make a mixture. */
export interface Belief {
  /** Noise of a single average row's time: standard deviation as a share of it. */
  readonly rowNoise: number;
  /** Work begun and not finished at the end of a window, as a multiple of the request that is finished next. */
  readonly partial: { readonly mean: number; readonly sd: number };
  /** How far speed wanders around its mean (AR(1)): standard deviation as a share of it; 0 for not at all. */
  readonly wander: number;
  /** How long a wandering lasts: time constant, ms. */
  readonly wanderMs: number;
  /** How much the mean itself drifts (random walk): variance as a share of its square, per ms. */
  readonly drift: number;
  /** How much the shares of cost per row and per token drift against each other: variance, per ms. */
  readonly bend: number;
}

/** How long an amount of work takes according to one filter: a normal distribution, ms. */
export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** A window of wall time. */
export interface Observation {
  readonly ms: number;
  /** How much slower the engine was in this window alone, as shares of it, because it had just begun to answer. */
  readonly slower: { readonly mean: number; readonly sd: number };
  /** Features of the request that is finished next, after the window. */
  readonly next: readonly number[];
  /** Features of the first request in it when the filter has not seen what came before; null when it has. */
  readonly first: readonly number[] | null;
}

/**
 * Numbers that a filter occupies in an array of filters: the mean (5) and covariance (5 x 5, row by row) of [cost per row,
 * cost per mean tokens, cost per mean squared tokens, present wandering, unfinished work at the end of the last window], all
 * in ms but the fourth, a share; then the log likelihood of what it has seen. The filters of a mixture lie in one array
 * because a long job makes a hundred thousand steps.
 */
export const FILTER_SIZE = 31;

const PACE = 3;
const PARTIAL = 4;
const LOG_LIKELIHOOD = SIZE + SIZE * SIZE;
/** What a filter that foresees nothing loses of its log likelihood with each window. */
const DEGENERATE = 1e6;

/** Prior shares of an average row's cost that are per row, per token and per squared token, and how sure that is. */
const SHAPE = [0.15, 0.8, 0.05] as const;
const SHAPE_SD = [0.2, 0.25, 0.1] as const;

/** Puts a new filter at `at`: about `rowMs` per average row, with a standard deviation of the share `sure` of that. */
export function startFilter(all: Float64Array, at: number, belief: Belief, rowMs: number, sure: number): void {
  for (let i = 0; i < PACE; i++) all[at + i] = (SHAPE[i] ?? 0) * rowMs;
  addOuter(all, at, all.slice(at, at + SIZE), sure ** 2);
  for (let i = 0; i < PACE; i++) add(all, at, i, i, (rowMs * (SHAPE_SD[i] ?? 0)) ** 2);
  setVariance(all, at, PACE, belief.wander ** 2);
  setVariance(all, at, PARTIAL, 0);
}

/**
 * Learns from one window of wall time: `ms` passed while the work with features `z` was finished.
 *
 * The model is ms = z·θ (1 + u + slower) + p' - p + e. θ are the costs; u the wandering, an AR(1) process with time constant
 * `wanderMs`; p and p' the work that was begun but not finished when the window began and ended, which one window pays and
 * the next one gets; e is white with variance rowNoise² · (expected ms) · (cost of an average row), that of a sum of
 * independent rows, and that of `slower`. θ drifts along itself, because a server that gets slower gets slower for all
 * lengths, and a little between rows and tokens, because batches fill differently. One step of the Kalman filter for the
 * dynamic linear model; West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 4.3.
 */
export function learn(
  all: Float64Array,
  at: number,
  belief: Belief,
  z: readonly number[],
  { ms, slower, next, first }: Observation,
): void {
  if (first !== null) begin(all, at, belief, first);
  evolve(all, at, belief, ms);
  const row = rowCost(all, at);
  const expected = Math.max(costOf(all, at, z), 0.01 * row);
  const { mean: begun, variance: begunVariance } = begunBy(all, at, belief, next);
  fill(direction, z, expected, -1);
  multiply(all, at, direction, shared);
  const white = belief.rowNoise ** 2 * expected * row + (slower.sd * expected) ** 2;
  const variance = dot(direction, shared) + white + begunVariance;
  if (!(variance > 0)) {
    // Its costs have shrunk to nothing and rounding is all that is left. It must not make the whole mixture NaN.
    all[at + LOG_LIKELIHOOD] = logLikelihoodOf(all, at) - DEGENERATE;
    return;
  }
  const error = ms - expected * (1 + (all[at + PACE] ?? 0) + slower.mean) - begun + (all[at + PARTIAL] ?? 0);

  // What was begun before is paid for now; its place in the state is taken by what is begun at the end of this window.
  decay(all, at, PARTIAL, 0, begunVariance);
  all[at + PARTIAL] = begun;
  shared[PARTIAL] = begunVariance;
  for (let i = 0; i < SIZE; i++) all[at + i] = (all[at + i] ?? 0) + ((shared[i] ?? 0) * error) / variance;
  addOuter(all, at, shared, -1 / variance);
  all[at + LOG_LIKELIHOOD] =
    logLikelihoodOf(all, at) - 0.5 * (Math.log(2 * Math.PI * variance) + error ** 2 / variance);
}

/**
 * Says how long the work with features `z` will take, of which some is begun already; when `next` is finished after it, some
 * of that is begun within the time. Adds up the uncertainty of the costs, of the present wandering and its average over the time
 * to come, of the drift (a random walk's average over h has variance drift · h / 3), and the rows' own noise. The mean and
 * variance of an AR(1) process averaged over h given its present value are those of the Ornstein-Uhlenbeck process (Gardiner,
 * Handbook of Stochastic Methods, 3rd ed. 2004, section 3.8.4), integrated.
 */
export function predict(
  all: Float64Array,
  at: number,
  belief: Belief,
  z: readonly number[],
  next: readonly number[] | null,
): Normal {
  const ms = costOf(all, at, z);
  if (ms <= 0) return { mean: 0, variance: 0 };
  const pace = belief.wanderMs / ms;
  const carried = pace * -Math.expm1(-1 / pace);
  const begun = next === null ? NOTHING : begunBy(all, at, belief, next);
  fill(direction, z, ms * carried, -1);
  multiply(all, at, direction, shared);
  const fresh = belief.wander ** 2 * Math.max(0, 2 * pace * (1 - carried) - carried ** 2);
  return {
    mean: ms * (1 + carried * (all[at + PACE] ?? 0)) - (all[at + PARTIAL] ?? 0) + begun.mean,
    variance:
      Math.max(0, dot(direction, shared)) +
      ms ** 2 * (fresh + (belief.drift * ms) / 3) +
      belief.rowNoise ** 2 * ms * rowCost(all, at) +
      begun.variance,
  };
}

const NOTHING: Normal = { mean: 0, variance: 0 };

/** Work (ms) that is begun and not finished when a request of these features is the next to be finished. */
function begunBy(all: Float64Array, at: number, { partial }: Belief, next: readonly number[]): Normal {
  const cost = Math.max(0, costOf(all, at, next));
  return { mean: partial.mean * cost, variance: (partial.sd * cost) ** 2 };
}

/** Starts a window before which nothing was seen: some of its first request was done before. */
function begin(all: Float64Array, at: number, belief: Belief, first: readonly number[]): void {
  const { mean, variance } = begunBy(all, at, belief, first);
  all[at + PARTIAL] = mean;
  setVariance(all, at, PARTIAL, variance);
}

/**
 * Forgets the speed but not how it depends on length: adds a standard deviation of `share` to the common level of all
 * costs (an intervention in the sense of West & Harrison, section 11.2), after a change of concurrency or of speed.
 */
export function loosen(all: Float64Array, at: number, belief: Belief, share: number): void {
  all[at + PACE] = 0;
  const begun = all[at + PARTIAL] ?? 0;
  all[at + PARTIAL] = 0;
  addOuter(all, at, all.slice(at, at + SIZE), share ** 2);
  all[at + PARTIAL] = begun;
  setVariance(all, at, PACE, belief.wander ** 2);
  setVariance(all, at, PARTIAL, begun ** 2);
}

/**
 * Gives every filter the mean and covariance of their mixture, by matching moments, and tempers what is known about which
 * belief is right: its log likelihood is multiplied by `keep`.
 */
export function mergeFilters(all: Float64Array, weights: readonly number[], keep: number): void {
  const merged = new Float64Array(FILTER_SIZE);
  for (const [k, weight] of weights.entries()) {
    for (let i = 0; i < SIZE; i++) merged[i] = (merged[i] ?? 0) + weight * (all[k * FILTER_SIZE + i] ?? 0);
  }
  for (const [k, weight] of weights.entries()) {
    const at = k * FILTER_SIZE;
    for (let i = 0; i < SIZE; i++) {
      shared[i] = (all[at + i] ?? 0) - (merged[i] ?? 0);
      for (let j = 0; j < SIZE; j++) add(merged, 0, i, j, weight * (all[elementAt(at, i, j)] ?? 0));
    }
    addOuter(merged, 0, shared, weight);
  }
  for (let at = 0; at < all.length; at += FILTER_SIZE) {
    const logLikelihood = keep * logLikelihoodOf(all, at);
    all.set(merged, at);
    all[at + LOG_LIKELIHOOD] = logLikelihood;
  }
}

/** Gives the log likelihood of all windows that a filter has learned from. */
export function logLikelihoodOf(all: Float64Array, at: number): number {
  return all[at + LOG_LIKELIHOOD] ?? 0;
}

// Working space of one step; nothing in it outlives a call.
const direction = new Float64Array(SIZE);
const shared = new Float64Array(SIZE);

/** Lets time pass: the wandering fades and is renewed, the costs drift. */
function evolve(all: Float64Array, at: number, belief: Belief, ms: number): void {
  fill(direction, [all[at] ?? 0, all[at + 1] ?? 0, all[at + 2] ?? 0], 0, 0);
  addOuter(all, at, direction, belief.drift * ms);
  const row = rowCost(all, at);
  fill(direction, [row, -row, 0], 0, 0);
  addOuter(all, at, direction, belief.bend * ms);
  const kept = Math.exp(-ms / belief.wanderMs);
  decay(all, at, PACE, kept, belief.wander ** 2 * (1 - kept ** 2));
}

/** Moves one variable of the state on by an AR(1) step: x becomes kept · x + fresh noise of this variance. */
function decay(all: Float64Array, at: number, i: number, kept: number, fresh: number): void {
  all[at + i] = (all[at + i] ?? 0) * kept;
  const variance = (all[elementAt(at, i, i)] ?? 0) * kept ** 2 + fresh;
  for (let j = 0; j < SIZE; j++) setBoth(all, at, i, j, (all[elementAt(at, i, j)] ?? 0) * kept);
  setBoth(all, at, i, i, variance);
}

function costOf(all: Float64Array, at: number, z: readonly number[]): number {
  return (all[at] ?? 0) * (z[0] ?? 0) + (all[at + 1] ?? 0) * (z[1] ?? 0) + (all[at + 2] ?? 0) * (z[2] ?? 0);
}

/** Cost (ms) of an average row, whose features are all 1. */
function rowCost(all: Float64Array, at: number): number {
  return Math.max((all[at] ?? 0) + (all[at + 1] ?? 0) + (all[at + 2] ?? 0), 1e-9);
}

function fill(vector: Float64Array, z: readonly number[], pace: number, partial: number): void {
  for (let i = 0; i < PACE; i++) vector[i] = z[i] ?? 0;
  vector[PACE] = pace;
  vector[PARTIAL] = partial;
}
