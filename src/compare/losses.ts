import { clipProbabilities } from "../metrics/clip.ts";
import { logLosses } from "../metrics/log-loss.ts";
import type { VariantRun } from "./variant-run.ts";

/** Computes the log loss (nats) of one row as it would be submitted, clipped. */
export function lossOf(
  { publisher, config }: Pick<VariantRun, "publisher" | "config">,
  row: number,
  truth: Float64Array,
): number {
  const probabilities = Float64Array.from(publisher.outcome(row).probabilities);
  const clipped = clipProbabilities(probabilities, config.clip);
  return logLosses(clipped, truth.subarray(3 * row, 3 * row + 3))[0] as number;
}
