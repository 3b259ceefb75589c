import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import { distance } from "../classes.ts";
import { largestOf } from "../metrics/accuracy.ts";
import { classPriorLosses } from "../metrics/class-prior.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { mean, subtract } from "../numbers/sums.ts";
import { bootstrapMean } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";

/** What a model answered on the rows of a proof, as probabilities. */
export interface ProvedModel {
  readonly name: string;
  readonly probabilities: ClassMatrix;
}

/** The rows of a proof. */
export interface ProofRows {
  readonly truth: ClassMatrix;
  readonly groups: Uint32Array;
}

/** One model against the one that it was made of, on the same rows. */
export interface ProofStep {
  readonly before: string;
  readonly after: string;
  readonly rows: number;
  /** Log loss (nats) of each, and of always giving the class shares of these rows. */
  readonly logLoss: { readonly before: number; readonly after: number; readonly prior: number };
  /** Log loss of after less that of before, nats: what was lost. */
  readonly lost: number;
  /** 95 % interval of `lost`, with the rows of a prompt as one; null with fewer than four prompts. */
  readonly interval: Interval | null;
  /** Rows with another most probable class. */
  readonly flips: number;
  /** Largest change of a row: half the sum of the absolute differences of its probabilities. */
  readonly largestChange: number;
  readonly verdict: ProofVerdict;
}

/**
 * pass: the whole interval is within the limit. unclear: what was lost is within it, and the interval reaches beyond: more rows would
 * tell. lost: more was lost than the limit allows.
 */
export type ProofVerdict = "pass" | "unclear" | "lost";

const RESAMPLES = 4_000;

/** Compares a model with the one that it was made of, and decides whether it may lose as much. `limit` is in nats. */
export function proveStep(
  before: ProvedModel,
  after: ProvedModel,
  { truth, groups }: ProofRows,
  { limit, seed }: { readonly limit: number; readonly seed: number },
): ProofStep {
  const rows = sameRows(before.probabilities, after.probabilities);
  const losses = { before: logLosses(before.probabilities, truth), after: logLosses(after.probabilities, truth) };
  const { mean: lost, error } = bootstrapMean(subtract(losses.after, losses.before), groups, {
    seed,
    resamples: RESAMPLES,
  });
  const interval = error?.interval ?? null;
  const list = Array.from({ length: rows }, (_, row) => row);
  return {
    before: before.name,
    after: after.name,
    rows,
    logLoss: { before: mean(losses.before), after: mean(losses.after), prior: mean(classPriorLosses(truth)) },
    lost,
    interval,
    flips: list.filter((row) => largestOf(before.probabilities, row) !== largestOf(after.probabilities, row)).length,
    largestChange: list.reduce(
      (most, row) => Math.max(most, distance(rowAt(before.probabilities, row), rowAt(after.probabilities, row))),
      0,
    ),
    verdict: verdictOf(lost, interval, limit),
  };
}

/** Decides about a loss (nats) with its interval. */
export function verdictOf(lost: number, interval: Interval | null, limit: number): ProofVerdict {
  if (lost > limit) return "lost";
  return interval !== null && interval.high <= limit ? "pass" : "unclear";
}
