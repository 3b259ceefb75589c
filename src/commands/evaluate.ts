import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { evaluateSubject, type SubjectEvaluation } from "../evaluate/evaluation.ts";
import { type JoinOptions, type Labelled, openLabels } from "../evaluate/labelled.ts";
import { openSubject, type Subject } from "../evaluate/subject.ts";

export interface EvaluateOptions {
  /** Folder of a run, or a submission. */
  readonly target: string;
  /** Labelled rows; left out or null, the run's own input. */
  readonly labels?: string | null;
  /** Where truth is taken from; left out or null, what the run's config says, else label columns. */
  readonly truth?: "labels" | "votes" | null;
}

/**
 * Evaluates a run or a submission against labels. Throws AbtieError("data") when a file cannot be read, has no labels, or
 * is about other rows; AbtieError("config") when labels must be named.
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

/** Opens the labels of what is evaluated: the named file, else the run's own input. */
export function openLabelsOf(
  subject: Subject,
  options: Pick<EvaluateOptions, "labels" | "truth">,
  effects: Pick<Effects, "cwd" | "signal">,
): Promise<Labelled> {
  return openLabels(joinOptionsOf(subject, options, effects));
}

/** Says where the labels of what is evaluated are. Throws AbtieError("config") when they must be named. */
export function joinOptionsOf(
  { path, ids, run, columns }: Subject,
  options: Pick<EvaluateOptions, "labels" | "truth">,
  effects: Pick<Effects, "cwd" | "signal">,
): JoinOptions {
  const { labels = null } = options;
  const file = labels === null ? run?.config.input : resolve(effects.cwd, labels);
  if (file === undefined) {
    throw new AbtieError(
      "config",
      "a submission does not say where its labels are: name a labelled file with --labels",
    );
  }
  return {
    ...{ subject: path, ids, path: file, columns, signal: effects.signal },
    truth: options.truth ?? run?.config.truth ?? "labels",
    mayHaveMore: run !== null && run.config.limit !== null,
  };
}
