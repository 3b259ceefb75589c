import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { evaluateSubject, type SubjectEvaluation } from "../evaluate/evaluation.ts";
import { type LabelOptions, openLabelsOf } from "../evaluate/labelled.ts";
import { openSubject } from "../evaluate/subject.ts";

export interface EvaluateOptions extends LabelOptions {
  /** Folder of a run, or a submission. */
  readonly target: string;
}

/**
 * Evaluates a run or a submission against labels. Throws AbtieError("data") when a file cannot be read, has no labels, or
 * holds other rows; AbtieError("config") when a submission is given without a labelled file.
 */
export async function evaluateTarget(
  options: EvaluateOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<SubjectEvaluation> {
  const subject = await openSubject(resolve(effects.cwd, options.target));
  await using labelled = await openLabelsOf(subject, options, effects);
  // Awaited here, since the labels are closed when this function returns.
  return await evaluateSubject(subject, labelled, effects);
}
