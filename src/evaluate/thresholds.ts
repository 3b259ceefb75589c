import { formatFixed, formatPercent } from "../format.ts";
import type { Evaluation } from "../metrics/evaluate.ts";
import type { MeanEstimate } from "../stats/bootstrap.ts";

/** The limits that an evaluation must keep; null: there is none. */
export interface Limits {
  /** Largest log loss, nats. */
  readonly maxLogLoss: number | null;
  /** Smallest accuracy, 0 to 1. */
  readonly minAccuracy: number | null;
}

/** Whether an evaluation keeps one limit. */
export interface Threshold {
  readonly metric: "log loss" | "accuracy";
  readonly limit: number;
  readonly value: number;
  readonly isMet: boolean;
  /** The finding in one sentence, without a full stop. */
  readonly sentence: string;
}

/**
 * Compares log loss and accuracy with their limits. The values are compared, not the ends of their intervals: the same
 * rows and the same probabilities give the same result each time, and the limit can be read off an earlier evaluation.
 */
export function checkThresholds({ logLoss, accuracy }: Evaluation, { maxLogLoss, minAccuracy }: Limits): Threshold[] {
  return [
    ...(maxLogLoss === null
      ? []
      : [thresholdOf("log loss", logLoss, maxLogLoss, logLoss.mean <= maxLogLoss, (nats) => formatFixed(nats, 4))]),
    ...(minAccuracy === null
      ? []
      : [
          thresholdOf("accuracy", accuracy, minAccuracy, accuracy.mean >= minAccuracy, (share) =>
            formatPercent(share, 2),
          ),
        ]),
  ];
}

function thresholdOf(
  metric: Threshold["metric"],
  { mean }: MeanEstimate,
  limit: number,
  isMet: boolean,
  format: (value: number) => string,
): Threshold {
  const rule = metric === "log loss" ? "at most" : "at least";
  const sentence = `${metric} ${format(mean)}, expected ${rule} ${format(limit)}`;
  return { metric, limit, value: mean, isMet, sentence };
}
