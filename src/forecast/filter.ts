import {
  addDiagonal,
  addOuter,
  createVector,
  dot,
  type Matrix,
  multiply,
  replaceVariable,
  scaleVariable,
  type Vector,
  withElement,
  ZERO,
} from "./matrix.ts";

/** How an engine's times scatter, according to one filter. Filters with different noise models make a mixture. */
export interface NoiseModel {
  /** Noise of the time of one average row: standard deviation as a share of that time. */
  readonly rowNoise: number;
  /** Work begun and not finished when a window ends, as a multiple of the request that is finished next. */
  readonly unfinished: { readonly mean: number; readonly sd: number };
  /** Deviation of the speed from its mean (AR(1)): standard deviation as a share of the mean. */
  readonly deviation: number;
  /** Time constant with which a deviation fades, ms. */
  readonly deviationMs: number;
  /** Drift between the shares of cost per row and per token (random walk): variance per ms. Batches fill differently later on. */
  readonly shapeDrift: number;
}

/** Estimates the costs of work from windows of wall time; a Kalman filter. Never changed, only replaced. */
export interface Filter {
  readonly model: NoiseModel;
  /**
   * Mean of the state: the cost of a row, of the mean tokens and of the mean squared tokens (ms); the present deviation of
   * the speed (a share); the work that was unfinished at the end of the last window (ms).
   */
  readonly mean: Vector;
  readonly covariance: Matrix;
  /** Logarithm of what the filter counts in a mixture: of its weight at first times the likelihood of all windows observed. */
  readonly logWeight: number;
}

/** Amounts of work in units of the job's average row: rows, tokens and squared tokens; all three are 1 for that row. */
export type Features = readonly [rows: number, tokens: number, squares: number];

/** A window of wall time, in which work was finished. */
export interface Observation {
  readonly ms: number;
  readonly work: Features;
  /** How much slower the engine was in this window alone, as shares of its speed, because it had just started to respond. */
  readonly slower: { readonly mean: number; readonly sd: number };
  /** The request that is finished next, after the window. */
  readonly next: Features;
  /** The first request in the window when the filter has not observed the window before it; null when it has. */
  readonly first: Features | null;
}

/** The time of an amount of work according to one filter: a normal distribution, ms. */
export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** Places of the last two variables of the state; the first three are the costs. */
const DEVIATION = 3;
const UNFINISHED = 4;

/** Shares of an average row's cost that are per row, per token and per squared token before anything is measured, and their standard deviations. */
const SHAPE: Features = [0.15, 0.8, 0.05];
const SHAPE_SD: Features = [0.2, 0.25, 0.1];
/** What a filter loses of its logarithmic weight with each window of which it can say nothing. */
const DEGENERATE = 1e6;

/** Starts a filter of this weight at about `rowMs` per average row, with a standard deviation of the share `sd` of that. */
export function startFilter(model: NoiseModel, rowMs: number, sd: number, weight = 1): Filter {
  const mean: Vector = [SHAPE[0] * rowMs, SHAPE[1] * rowMs, SHAPE[2] * rowMs, 0, 0];
  const variance = (share: number): number => (share * rowMs) ** 2;
  const own: Vector = [variance(SHAPE_SD[0]), variance(SHAPE_SD[1]), variance(SHAPE_SD[2]), model.deviation ** 2, 0];
  return { model, mean, covariance: addDiagonal(addOuter(ZERO, mean, sd ** 2), own), logWeight: Math.log(weight) };
}

/**
 * Learns from one window of wall time: `ms` passed while the work with features z was finished.
 *
 * The model is ms = z·θ (1 + u + slower) + p' - p + e. θ are the costs; u the deviation of the speed, an AR(1) process with
 * time constant `deviationMs`; p and p' the work that was unfinished when the window began and ended: one window pays for it
 * and the next one gets it; e is white, with the variance rowNoise² · (expected ms) · (cost of an average row) of a sum of
 * independent rows, plus that of `slower`. One step of the Kalman filter for the dynamic linear model; West & Harrison,
 * Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 4.3.
 */
export function learn(filter: Filter, { ms, work, slower, next, first }: Observation): Filter {
  const { model, mean, covariance, logWeight } = evolve(first === null ? filter : begin(filter, first), ms);
  const expected = Math.max(costOf(mean, work), 0.01 * rowCost(mean));
  const begun = unfinishedBefore(model, mean, next);
  const direction: Vector = [...work, expected, -1];
  const shared = multiply(covariance, direction);
  const noise = model.rowNoise ** 2 * expected * rowCost(mean) + (slower.sd * expected) ** 2 + begun.variance;
  const variance = dot(direction, shared) + noise;
  // When the costs have shrunk to nothing only rounding is left, which must not make the whole mixture NaN.
  if (!(variance > 0)) return { ...filter, logWeight: logWeight - DEGENERATE };
  const error = ms - (expected * (1 + mean[DEVIATION] + slower.mean) - mean[UNFINISHED] + begun.mean);

  // The work that was unfinished before is finished now. The work that is unfinished at the end of this window takes its place.
  const before = withElement(mean, UNFINISHED, begun.mean);
  const gain = withElement(shared, UNFINISHED, begun.variance);
  return {
    model,
    mean: createVector((i) => before[i] + (gain[i] * error) / variance),
    covariance: addOuter(replaceVariable(covariance, UNFINISHED, begun.variance), gain, -1 / variance),
    logWeight: logWeight - 0.5 * (Math.log(2 * Math.PI * variance) + error ** 2 / variance),
  };
}

/**
 * Forecasts the time of an amount of work, of which the unfinished work is begun already; when `next` is finished after it,
 * some of that is begun within the time. Adds up the uncertainty of the costs, of the present deviation and its average over
 * the time ahead, and the noise of the rows. Mean and variance of an AR(1) process averaged over a time given its present
 * value are those of the Ornstein-Uhlenbeck process (Gardiner, Handbook of Stochastic Methods, 3rd ed. 2004, section 3.8.4),
 * integrated.
 */
export function predict({ model, mean, covariance }: Filter, work: Features, next: Features | null): Normal {
  const ms = costOf(mean, work);
  if (ms <= 0) return { mean: 0, variance: 0 };
  const span = model.deviationMs / ms;
  const carried = span * -Math.expm1(-1 / span);
  const fresh = model.deviation ** 2 * Math.max(0, 2 * span * (1 - carried) - carried ** 2);
  const begun = next === null ? { mean: 0, variance: 0 } : unfinishedBefore(model, mean, next);
  const direction: Vector = [...work, ms * carried, -1];
  return {
    mean: ms * (1 + carried * mean[DEVIATION]) - mean[UNFINISHED] + begun.mean,
    variance:
      Math.max(0, dot(direction, multiply(covariance, direction))) +
      ms ** 2 * fresh +
      model.rowNoise ** 2 * ms * rowCost(mean) +
      begun.variance,
  };
}

/**
 * Forgets the speed but not how it depends on length: adds a standard deviation of `share` to the common level of all
 * costs (an intervention in the sense of West & Harrison, section 11.2), after a change of concurrency or of speed.
 */
export function loosen({ model, mean, covariance, logWeight }: Filter, share: number): Filter {
  const costs: Vector = [mean[0], mean[1], mean[2], 0, 0];
  const loosened = replaceVariable(addOuter(covariance, costs, share ** 2), DEVIATION, model.deviation ** 2);
  return {
    model,
    mean: withElement(mean, DEVIATION, 0),
    covariance: replaceVariable(loosened, UNFINISHED, mean[UNFINISHED] ** 2),
    logWeight,
  };
}

/** Starts a window whose beginning was not observed: some of its first request was done before. */
function begin(filter: Filter, first: Features): Filter {
  const { mean, variance } = unfinishedBefore(filter.model, filter.mean, first);
  return {
    ...filter,
    mean: withElement(filter.mean, UNFINISHED, mean),
    covariance: replaceVariable(filter.covariance, UNFINISHED, variance),
  };
}

/** Moves the state on by the time of a window: the shape of the costs drifts, the deviation fades and a new one comes up. */
function evolve(filter: Filter, ms: number): Filter {
  const { deviation, deviationMs, shapeDrift } = filter.model;
  const row = rowCost(filter.mean);
  const drifted = addOuter(filter.covariance, [row, -row, 0, 0, 0], shapeDrift * ms);
  const kept = Math.exp(-ms / deviationMs);
  const fresh: Vector = [0, 0, 0, deviation ** 2 * (1 - kept ** 2), 0];
  return {
    ...filter,
    mean: withElement(filter.mean, DEVIATION, kept * filter.mean[DEVIATION]),
    covariance: addDiagonal(scaleVariable(drifted, DEVIATION, kept), fresh),
  };
}

/** Work (ms) that is begun and not finished when `next` is the next request to be finished. */
function unfinishedBefore({ unfinished }: NoiseModel, mean: Vector, next: Features): Normal {
  const cost = Math.max(0, costOf(mean, next));
  return { mean: unfinished.mean * cost, variance: (unfinished.sd * cost) ** 2 };
}

function costOf(mean: Vector, [rows, tokens, squares]: Features): number {
  return mean[0] * rows + mean[1] * tokens + mean[2] * squares;
}

/** Cost (ms) of an average row, whose features are all 1. */
function rowCost(mean: Vector): number {
  return Math.max(mean[0] + mean[1] + mean[2], 1e-9);
}
