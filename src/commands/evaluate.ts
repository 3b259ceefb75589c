import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { evaluateSubject, type SubjectEvaluation } from "../evaluate/evaluation.ts";
import { type LabelOptions, openLabelsOf } from "../evaluate/labelled.ts";
import { openSubject } from "../evaluate/subject.ts";
import { checkThresholds, type Limits, type Threshold } from "../evaluate/thresholds.ts";

export interface EvaluateOptions extends LabelOptions, Partial<Limits> {
  /** Folder of a run, or a submission. */
  readonly target: string;
  /** Folder of a run, or a submission, of another judge of the same rows; omitted or null: none is compared. */
  readonly against?: string | null;
}

/** An evaluation, and whether its first scores, those of the probabilities as written, keep the limits that were given. */
export interface EvaluateResult extends SubjectEvaluation {
  readonly thresholds: readonly Threshold[];
}

/**
 * Evaluates a run or a submission against labels. Throws AbtieError("data") when a file cannot be read, has no labels, or
 * holds other rows; AbtieError("config") when a submission is given without a labelled file.
 */
export async function evaluateTarget(
  options: EvaluateOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<EvaluateResult> {
  const { maxLogLoss = null, minAccuracy = null, against = null } = options;
  const subject = await openSubject(resolve(effects.cwd, options.target));
  const other = against === null ? null : await openSubject(resolve(effects.cwd, against));
  await using labelled = await openLabelsOf(subject, options, effects);
  const evaluation = await evaluateSubject(subject, labelled, effects, other);
  const [written] = evaluation.scores;
  const limits = { maxLogLoss, minAccuracy };
  return { ...evaluation, thresholds: written === undefined ? [] : checkThresholds(written.evaluation, limits) };
}
