import { mean, subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import type { PerClass } from "../types.ts";
import { type Confusion, confusionOf, hits } from "./accuracy.ts";
import { brierScores } from "./brier.ts";
import { type CalibrationError, calibrationError } from "./calibration-error.ts";
import { classPrior, classPriorLosses } from "./class-prior.ts";
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
  const { probabilities, truth, groups, weights = null } = scored;
  const losses = logLosses(probabilities, truth);
  const shares = classPrior(truth, weights);
  const priorLosses = classPriorLosses(truth, weights);
  const estimate = (values: Float64Array, range: Interval): MeanEstimate =>
    within(bootstrapMean(values, groups, options, weights), range);
  return {
    logLoss: estimate(losses, { low: 0, high: Number.POSITIVE_INFINITY }),
    accuracy: estimate(hits(probabilities, truth), { low: 0, high: 1 }),
    brier: estimate(brierScores(probabilities, truth), { low: 0, high: 2 }),
    calibration: calibrationError(probabilities, truth, 15, weights),
    reliability: reliabilityBins(probabilities, truth, { level: options.level ?? 0.95, weights }),
    confusion: confusionOf(probabilities, truth, weights),
    prior: {
      shares,
      logLoss:
        weights === null ? mean(priorLosses) : mean(priorLosses.map((loss, row) => loss * (weights[row] as number))),
      gain: bootstrapMean(subtract(priorLosses, losses), groups, options, weights),
    },
  };
}

/** Cuts the interval of a score to the values that the score can have: the bootstrap of few rows can exceed them. */
function within(estimate: MeanEstimate, { low, high }: Interval): MeanEstimate {
  const { error } = estimate;
  if (error === null) return estimate;
  const { interval } = error;
  const cut = { low: Math.max(low, interval.low), high: Math.min(high, interval.high) };
  return { ...estimate, error: { ...error, interval: cut } };
}
