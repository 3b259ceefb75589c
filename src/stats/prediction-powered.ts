import { mean, sum } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "./bootstrap.ts";
import { sumByGroup } from "./groups.ts";
import type { Interval } from "./interval.ts";

/** A few labelled rows among many that a judge predicts. */
export interface PoweredInput {
  /**
   * The value of each labelled row, computed with its label. NaN for a row that the mean is not about, for example one that
   * is labelled as a tie when the judge knows none.
   */
  readonly values: Float64Array;
  /** The labelled rows by their position among all rows, in the order of `values`. */
  readonly labelled: Uint32Array;
  /** Inverse inclusion probabilities of the labelled rows, with the mean 1; null: all rows were equally likely. */
  readonly weights: Float64Array | null;
  /** For every row, with a label or without, the value that the judge expects before it knows the label. */
  readonly predictions: Float64Array;
  /** Group number of every row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
}

/** A mean over rows by the labels alone, and with the predictions of all rows. Units are those of the values. */
export interface PoweredEstimate {
  readonly labelsOnly: MeanEstimate;
  readonly mean: number;
  /** Null with fewer than four groups of labelled rows, which are too few for an estimate of the error. */
  readonly error: { readonly standardError: number; readonly interval: Interval } | null;
  /** The tuned weight of the predictions; 0 when they tell nothing, and the estimate is then that of the labels alone. */
  readonly lambda: number;
  /** Number of labelled rows, and of all rows. */
  readonly labels: number;
  readonly of: number;
  /** The variance of `mean` is perLabel / labels + floor: more labels reduce the first part, only more rows the second. */
  readonly variance: { readonly perLabel: number; readonly floor: number };
}

/**
 * Estimates a mean over rows of which a few have labels, with a judge's predictions of all rows (prediction-powered inference
 * with power tuning: Angelopoulos, Duchi and Zrnic 2023, "PPI++: Efficient Prediction-Powered Inference"). The estimate is
 * the mean of the labels minus lambda times the error that the same labelled rows make in the mean of the predictions,
 * which is known. With unequal inclusion probabilities both means of labelled rows are those of Hájek (1971); this is the
 * regression estimator of survey sampling (Särndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", chapter 6),
 * which Zrnic and Candès 2024, "Active Statistical Inference", use with models as predictors.
 *
 * The estimated variance is (1 / N²) · Σ (A - lambda · B)² over the groups of all N rows, where A is the influence of the group
 * on the mean of the labels (0 without a label), and B its influence on the error of the mean of the predictions. Lambda
 * minimises it between 0 and 1, as in PPI++; with lambda = 0 it is the variance by the labels alone. Because lambda
 * was fitted to the same groups, each term is divided by 1 - B² / Σ B², which makes it the term that a fit without the group
 * would leave; predictions that do not reduce it then get the weight 0. The variance holds for the population from which all rows come, as the bootstrap of the labels alone does.
 *
 * The interval reaches as many standard errors as the studentised bootstrap over the labelled groups finds (see
 * `bootstrapMean`), for the values as they are or as the predictions correct them, whichever are more. It is at most 5 % wider
 * than that of the labels alone. Simulated coverage: `bench/few-labels.mjs`.
 */
export function predictionPowered(input: PoweredInput, options: BootstrapOptions): PoweredEstimate {
  const { values, labelled, predictions } = input;
  const [labels, rows] = [labelled.length, predictions.length];
  const groups = labelled.map((row) => input.groups[row] as number);
  const labelsOnly = estimateByLabels(input, groups, options);
  const weights = input.weights ?? new Float64Array(labels).fill(1);
  const share = sum(weights.filter((_, place) => !Number.isNaN(values[place]))) / labels;
  const predicted = mean(predictions);
  const errors = values.map((value) => (Number.isNaN(value) ? 0 : (value - labelsOnly.mean) / share));
  const deviations = predictions.map((prediction) => prediction - predicted);

  const onLabels = new Float64Array(rows);
  const onPredictions = deviations.map((deviation) => 0 - deviation);
  for (const [place, row] of labelled.entries()) {
    const weight = (rows / labels) * (weights[place] as number);
    onLabels[row] = weight * (errors[place] as number);
    onPredictions[row] = (weight - 1) * (deviations[row] as number);
  }
  const influence = sumByGroup(onLabels, input.groups).sums;
  const influenceOfPredictions = sumByGroup(onPredictions, input.groups).sums;
  const squares = products(influenceOfPredictions, influenceOfPredictions);
  const cross = products(influence, influenceOfPredictions);
  const varianceWith = (weight: number): number => {
    const remainders = influence.map((value, group) => {
      const own = influenceOfPredictions[group] as number;
      // Without predictions nothing was fitted.
      return weight === 0 ? value : (value - weight * own) / (1 - own ** 2 / squares);
    });
    return products(remainders, remainders) / rows ** 2;
  };
  const tuned = squares === 0 ? 0 : Math.min(1, Math.max(0, cross / squares));
  const lambda = varianceWith(tuned) < varianceWith(0) ? tuned : 0;
  const variance = varianceWith(lambda);

  // The deviations of all rows sum to 0, so that this is the error of the labelled rows alone.
  const estimate = labelsOnly.mean - (lambda * sum(onPredictions)) / rows;
  const rectified = errors.map((error, place) => error - lambda * (deviations[labelled[place] as number] as number));
  const spread = spreadOf(bootstrapMean(rectified, groups, options, weights));
  const alone = spreadOf(labelsOnly);
  const known = { labelsOnly, mean: estimate, lambda, labels, of: rows };
  if (alone === null || spread === null) return { ...known, error: null, variance: { perLabel: 0, floor: 0 } };

  const critical = Math.max(spread.critical, alone.critical);
  const reach = Math.min(critical * Math.sqrt(variance), WIDEST * alone.critical * alone.standardError);
  // As in bootstrapMean, the standard error that is reported has the factor groups / (groups - 1).
  const factor = spread.groups / (spread.groups - 1);
  return {
    ...known,
    error: {
      standardError: Math.sqrt(variance * factor),
      interval: { low: estimate - reach, high: estimate + reach },
    },
    variance: {
      perLabel: factor * labels * spread.standardError ** 2,
      floor: factor * Math.max(0, variance - spread.standardError ** 2),
    },
  };
}

/** An interval is at most this many times as wide as that of the labels alone. */
const WIDEST = 1.05;

function estimateByLabels(
  { values, weights }: PoweredInput,
  groups: Uint32Array,
  options: BootstrapOptions,
): MeanEstimate {
  const inside = Uint32Array.from(values.keys()).filter((place) => !Number.isNaN(values[place]));
  const pick = (from: Float64Array): Float64Array => Float64Array.from(inside, (place) => from[place] as number);
  const own = inside.map((place) => groups[place] as number);
  return bootstrapMean(pick(values), own, options, weights === null ? null : pick(weights));
}

interface Spread {
  readonly standardError: number;
  /** How many standard errors the interval reaches. */
  readonly critical: number;
  readonly groups: number;
}

/** Reads the standard error and the critical value of the studentised bootstrap off an estimate. */
function spreadOf({ error, mean: middle, groups }: MeanEstimate): Spread | null {
  if (error === null) return null;
  const standardError = error.standardError * Math.sqrt((groups - 1) / groups);
  return { standardError, critical: standardError === 0 ? 0 : (error.interval.high - middle) / standardError, groups };
}

function products(one: Float64Array, other: Float64Array): number {
  return sum(one.map((value, index) => value * (other[index] as number)));
}
