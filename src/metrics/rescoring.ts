import type { ClassMatrix } from "../class-matrix.ts";
import { subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import { logLosses } from "./log-loss.ts";

/** The change of log loss when the same rows are scored a second time, in other batches. */
export interface Rescoring {
  /** Mean change in nats, second time - first time. */
  readonly change: MeanEstimate;
  /** Largest absolute change of any row, in nats. */
  readonly largest: number;
  /**
   * The noise floor in nats: the largest mean change that these rows do not rule out. A difference between two variants that is
   * not larger than this may be caused by the engine alone. Null with too few groups.
   */
  readonly noise: number | null;
}

/** Computes the noise floor of an engine from a sample of rows that were scored twice. */
export function rescoringNoise(
  once: ClassMatrix,
  again: ClassMatrix,
  labels: { readonly truth: ClassMatrix; readonly groups: Uint32Array },
  options: BootstrapOptions,
): Rescoring {
  const changes = subtract(logLosses(again, labels.truth), logLosses(once, labels.truth));
  const change = bootstrapMean(changes, labels.groups, options);
  const ends = change.error?.interval;
  return {
    change,
    largest: changes.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    noise: ends === undefined ? null : Math.max(Math.abs(ends.low), Math.abs(ends.high)),
  };
}
