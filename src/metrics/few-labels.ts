import { type ClassMatrix, pickRows, rowAt, rowsOf } from "../class-matrix.ts";
import { subtract } from "../numbers/sums.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import { labelsNeeded } from "../stats/labels-needed.ts";
import { type PoweredEstimate, predictionPowered } from "../stats/prediction-powered.ts";
import { hits } from "./accuracy.ts";
import { logLosses } from "./log-loss.ts";

/** The labels of a few of the rows that a judge has judged. */
export interface FewLabels {
  /** The labelled rows by their position among all judged rows. */
  readonly labelled: Uint32Array;
  /** The labels as the judge can give them; NaN in a row that is labelled as a tie when the judge knows none. */
  readonly truth: ClassMatrix;
  /** The labels of the file, with ties. */
  readonly all: ClassMatrix;
  /** Group number of every judged row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
  /** Inverse inclusion probabilities with the mean 1; null: all rows were equally likely to be labelled. */
  readonly weights: Float64Array | null;
}

/** A mean, and how many more labels would show on which side of a number it lies. */
export interface SettledEstimate extends PoweredEstimate {
  /** The number with which the mean is compared. */
  readonly against: number;
  /** Whether the interval excludes that number. */
  readonly isSettled: boolean;
  /**
   * Further labels, drawn like those so far, that would settle it with probability 0.8 if the mean stays the same; 0 when it is
   * settled, null when labels of all rows would not. With the predictions, and by the labels alone.
   */
  readonly moreLabels: { readonly powered: number | null; readonly labelsOnly: number | null };
}

/** What a few labels and the judgements of all rows say about a judge, and about the two models that it judges. */
export interface PoweredScores {
  /** Log loss, nats. */
  readonly logLoss: PoweredEstimate;
  readonly accuracy: PoweredEstimate;
  /** Share of the rows that A wins plus half the share of the ties, by the labels: 0.5 means that A and B are as good. */
  readonly winRate: SettledEstimate;
}

/** The difference of two judges on the same rows, positive when the second is better. */
export interface PoweredDifference {
  /** Log loss of the first minus that of the second, nats. */
  readonly logLoss: SettledEstimate;
  /** Accuracy of the second minus that of the first. */
  readonly accuracy: SettledEstimate;
}

/**
 * Estimates the scores of a judge over all rows that it judged. What it expects before it knows the labels are the scores that
 * would come out on average if its probabilities were right; where they are wrong, the estimate gives them less weight.
 */
export function powerScores(judged: ClassMatrix, labels: FewLabels, options: BootstrapOptions): PoweredScores {
  const own = pickRows(judged, labels.labelled);
  return {
    logLoss: estimate(logLosses(own, labels.truth), logLosses(judged, judged), labels, options),
    accuracy: estimate(hits(own, labels.truth), hits(judged, judged), labels, options),
    winRate: settle(estimate(winRates(labels.all), winRates(judged), labels, options), 0.5),
  };
}

/** Estimates the difference of two judges of the same rows; what is expected is the mean of their probabilities. */
export function powerDifference(
  [first, second]: readonly [ClassMatrix, ClassMatrix],
  labels: FewLabels,
  options: BootstrapOptions,
): PoweredDifference {
  const middle = {
    classes: first.classes,
    values: first.values.map((value, index) => (value + (second.values[index] as number)) / 2),
  };
  const [one, other] = [pickRows(first, labels.labelled), pickRows(second, labels.labelled)];
  const { truth } = labels;
  return {
    logLoss: settle(
      estimate(
        subtract(logLosses(one, truth), logLosses(other, truth)),
        subtract(logLosses(first, middle), logLosses(second, middle)),
        labels,
        options,
      ),
      0,
    ),
    accuracy: settle(
      estimate(
        subtract(hits(other, truth), hits(one, truth)),
        subtract(hits(second, middle), hits(first, middle)),
        labels,
        options,
      ),
      0,
    ),
  };
}

function estimate(
  values: Float64Array,
  predictions: Float64Array,
  { labelled, weights, groups }: FewLabels,
  options: BootstrapOptions,
): PoweredEstimate {
  return predictionPowered({ values, labelled, weights, groups, predictions }, options);
}

function winRates(matrix: ClassMatrix): Float64Array {
  return Float64Array.from({ length: rowsOf(matrix) }, (_, row) => {
    const [a, , tie = 0] = rowAt(matrix, row);
    return a + tie / 2;
  });
}

function settle(powered: PoweredEstimate, against: number): SettledEstimate {
  const { mean, error, variance, labelsOnly, labels, of } = powered;
  const isSettled = error !== null && !(error.interval.low <= against && error.interval.high >= against);
  const alone = labels * (labelsOnly.error?.standardError ?? 0) ** 2;
  const question = { labels, rows: of, level: labelsOnly.level };
  return {
    ...powered,
    against,
    isSettled,
    moreLabels:
      error === null
        ? { powered: null, labelsOnly: null }
        : {
            powered: isSettled ? 0 : labelsNeeded({ ...question, difference: mean - against, variance }),
            labelsOnly: labelsNeeded({
              ...question,
              difference: labelsOnly.mean - against,
              variance: { perLabel: alone, floor: 0 },
            }),
          },
  };
}
