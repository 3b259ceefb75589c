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

/** The noise that one filter assumes in an engine's times. A mixture combines filters with different noise models. */
export interface NoiseModel {
  /** Standard deviation of the time of one average row, as a share of that time. */
  readonly rowNoise: number;
  /** Work that is begun but not finished when a window ends, as a multiple of the cost of the request that finishes next. */
  readonly unfinished: { readonly mean: number; readonly sd: number };
  /** Standard deviation of the speed around its mean, as a share of the mean. The deviation is an AR(1) process. */
  readonly deviation: number;
  /** Time constant of the exponential decay of a deviation, ms. */
  readonly deviationMs: number;
  /**
   * Cost moves between the share per row and the share per token as a random walk, because batches are filled differently as
   * the job proceeds. This is the variance that the walk gains per ms.
   */
  readonly shapeDrift: number;
}

/**
 * A Kalman filter that estimates the costs of work from windows of wall time. It is immutable: each function returns a new
 * filter.
 */
export interface Filter {
  readonly model: NoiseModel;
  /**
   * Mean of the state. The first three variables are the costs (ms) of an average row that come from the row itself, from its
   * tokens and from its squared tokens. The fourth is the present deviation of the speed (a share; above 0 the engine is
   * slower). The fifth is the work that was unfinished at the end of the last window (ms).
   */
  readonly mean: Vector;
  readonly covariance: Matrix;
  /** Logarithm of the filter's weight in a mixture: its first weight times the likelihood of all windows observed so far. */
  readonly logWeight: number;
}

/** An amount of work in units of the job's average row: rows, tokens and squared tokens. All three are 1 for that row. */
export type Features = readonly [rows: number, tokens: number, squares: number];

/** A window of wall time, and the work that was finished in it. */
export interface Observation {
  readonly ms: number;
  readonly work: Features;
  /**
   * Extra time in this window because the engine had just started to respond: mean and standard deviation as shares of the
   * expected time.
   */
  readonly slower: { readonly mean: number; readonly sd: number };
  /** The first request that finishes after the window. */
  readonly next: Features;
  /** The first request that finished in the window, if the filter did not observe the window before; null if it did. */
  readonly first: Features | null;
}

/** A time as one filter estimates it: a normal distribution with mean (ms) and variance (ms²). */
export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** Indices of the last two variables of the state; the first three are the costs. */
const DEVIATION = 3;
const UNFINISHED = 4;

/**
 * What a filter assumes before any measurement: the shares of an average row's cost that come per row, per token and per
 * squared token, and the standard deviations of these shares.
 */
const SHAPE: Features = [0.15, 0.8, 0.05];
const SHAPE_SD: Features = [0.2, 0.25, 0.1];
/** A filter's logarithmic weight falls by this much with each window for which the filter gives no positive variance. */
const DEGENERATE = 1e6;

/**
 * Starts a filter with this weight that expects `rowMs` (ms) per average row. `sd` is the standard deviation of that time, as a
 * share of it.
 */
export function startFilter(model: NoiseModel, rowMs: number, sd: number, weight = 1): Filter {
  const mean: Vector = [SHAPE[0] * rowMs, SHAPE[1] * rowMs, SHAPE[2] * rowMs, 0, 0];
  const variance = (share: number): number => (share * rowMs) ** 2;
  const own: Vector = [variance(SHAPE_SD[0]), variance(SHAPE_SD[1]), variance(SHAPE_SD[2]), model.deviation ** 2, 0];
  return { model, mean, covariance: addDiagonal(addOuter(ZERO, mean, sd ** 2), own), logWeight: Math.log(weight) };
}

/**
 * Learns from one window of wall time: `ms` passed while the work with features z was finished.
 *
 * The model is ms = z·θ (1 + u + slower) + p' - p + e. θ are the costs; u is the deviation of the speed, an AR(1) process with
 * time constant `deviationMs`; p is the work that was unfinished when the window began, and p' the work that was unfinished
 * when it ended, because unfinished work takes time in one window and is counted in the next; e is white noise. The variance of
 * e is that of a sum of independent rows, rowNoise² · (expected ms) · (cost of an average row), plus that of `slower`. The
 * function is one step of the Kalman filter for the dynamic linear model; West & Harrison, Bayesian Forecasting and Dynamic
 * Models, 2nd ed. 1997, section 4.3.
 */
export function learn(filter: Filter, { ms, work, slower, next, first }: Observation): Filter {
  const { model, mean, covariance, logWeight } = evolve(first === null ? filter : begin(filter, first), ms);
  const expected = Math.max(costOf(mean, work), 0.01 * rowCost(mean));
  const begun = unfinishedBefore(model, mean, next);
  const direction: Vector = [...work, expected, -1];
  const shared = multiply(covariance, direction);
  const noise = model.rowNoise ** 2 * expected * rowCost(mean) + (slower.sd * expected) ** 2 + begun.variance;
  const variance = dot(direction, shared) + noise;
  // When the costs have shrunk to almost 0, rounding can make the variance 0, negative or NaN. This must not make the whole
  // mixture NaN.
  if (!(variance > 0)) return { ...filter, logWeight: logWeight - DEGENERATE };
  const error = ms - (expected * (1 + mean[DEVIATION] + slower.mean) - mean[UNFINISHED] + begun.mean);

  // The work that was unfinished before this window is finished now; the work that is unfinished at the end of this window
  // replaces it.
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
 * Forecasts the time of an amount of work from the end of the last window on. The work that was unfinished then is already
 * begun, so its time is subtracted. `next` is the request that finishes after this work, or null when the engine stops then;
 * the time for the part of `next` that is begun meanwhile is added. The variance is the sum of the uncertainty of the costs,
 * that of the present deviation and of its average over the time ahead, and the noise of the rows. The mean and variance of an
 * AR(1) process averaged over a time, given its present value, are those of the Ornstein-Uhlenbeck process, integrated
 * (Gardiner, Handbook of Stochastic Methods, 3rd ed. 2004, section 3.8.4).
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
 * Forgets the speed after a change of concurrency or of speed, but keeps how cost depends on length: adds one uncertainty
 * common to all costs, with a standard deviation of `share` of each cost (an intervention in the sense of West & Harrison,
 * section 11.2).
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

/**
 * Prepares the filter for a window whose beginning it did not observe: a part of the first request was computed before the
 * window.
 */
function begin(filter: Filter, first: Features): Filter {
  const { mean, variance } = unfinishedBefore(filter.model, filter.mean, first);
  return {
    ...filter,
    mean: withElement(filter.mean, UNFINISHED, mean),
    covariance: replaceVariable(filter.covariance, UNFINISHED, variance),
  };
}

/**
 * Advances the state by the duration of a window: the shape of the costs drifts, the old deviation decays and a new one is
 * added.
 */
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

/** Estimates the unfinished work (ms) at a moment after which `next` is the first request to finish. */
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
