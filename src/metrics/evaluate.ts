import { repeatRow } from "../class-matrix.ts";
import { mean, subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { PerClass } from "../types.ts";
import { type Confusion, confusionOf, hits } from "./accuracy.ts";
import { brierScores } from "./brier.ts";
import { type CalibrationError, calibrationError } from "./calibration-error.ts";
import { classPrior } from "./class-prior.ts";
import { logLosses } from "./log-loss.ts";
import { type ReliabilityBin, reliabilityBins } from "./reliability.ts";
import type { Scored } from "./scored.ts";

/** The metrics of one set of predictions on labelled rows. */
export interface Evaluation {
  /** Mean log loss, nats. */
  readonly logLoss: MeanEstimate;
  readonly accuracy: MeanEstimate;
  /** Mean Brier score, 0 to 2. */
  readonly brier: MeanEstimate;
  readonly calibration: CalibrationError;
  /** Bins for the probability of the most probable class. */
  readonly reliability: readonly ReliabilityBin[];
  readonly confusion: Confusion;
  readonly prior: PriorComparison;
}

/**
 * The comparison of the predictions with the class prior, which predicts for every row the share of each class in these rows.
 */
export interface PriorComparison {
  readonly shares: PerClass;
  readonly logLoss: number;
  /** Log loss of the prior - log loss of the predictions, in nats: positive when the predictions are better. */
  readonly gain: MeanEstimate;
}

/** Evaluates predictions of at least one row against labels, with intervals from the bootstrap over groups. */
export function evaluate(scored: Scored, options: BootstrapOptions): Evaluation {
  const { probabilities, truth, groups } = scored;
  const losses = logLosses(probabilities, truth);
  const shares = classPrior(truth);
  const priorLosses = logLosses(repeatRow(truth.classes, shares, losses.length), truth);
  const estimate = (values: Float64Array): MeanEstimate => bootstrapMean(values, groups, options);
  return {
    logLoss: estimate(losses),
    accuracy: estimate(hits(probabilities, truth)),
    brier: estimate(brierScores(probabilities, truth)),
    calibration: calibrationError(probabilities, truth),
    reliability: reliabilityBins(probabilities, truth, { level: options.level ?? 0.95 }),
    confusion: confusionOf(probabilities, truth),
    prior: {
      shares,
      logLoss: mean(priorLosses),
      gain: estimate(subtract(priorLosses, losses)),
    },
  };
}
