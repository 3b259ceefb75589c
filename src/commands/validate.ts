import { resolve } from "node:path";
import { namedColumns, type WrittenColumns } from "../config/columns.ts";
import { openDataset } from "../dataset/open-dataset.ts";
import type { FileProblem } from "../dataset/sources/problems.ts";
import { validateSubmission } from "../dataset/submission/validate-submission.ts";
import type { Effects } from "../effects.ts";
import { inputPath } from "../files/input-path.ts";
import type { OutputForm } from "../types.ts";

export interface ValidateOptions {
  readonly submission: string;
  /** The rows that the submission answers. */
  readonly input: string;
  /** Name of the id column of both files. */
  readonly id?: string;
  /** Names of further columns of the rows. */
  readonly columns?: WrittenColumns;
  /** Only a submission may have no further columns; omitted: that is any CSV. */
  readonly format?: OutputForm["kind"];
}

/** The outcome of the checks. */
export interface ValidateResult {
  readonly valid: boolean;
  readonly submission: string;
  readonly rows: number;
  readonly problems: readonly FileProblem[];
}

/** Checks a submission as the grader does. Throws AbtieError("data") when a file cannot be read as a table. */
export async function validate(
  options: ValidateOptions,
  effects: Pick<Effects, "cwd" | "signal">,
): Promise<ValidateResult> {
  const named = namedColumns(options.columns ?? {});
  const columns = { ...named, id: options.id ?? named.id };
  const submission = resolve(effects.cwd, options.submission);
  await using dataset = await openDataset(inputPath(effects.cwd, options.input), {
    columns,
    signal: effects.signal,
  });
  const problems = await validateSubmission(submission, dataset.ids, columns, null, options.format);
  return { valid: !problems.some(({ level }) => level === "error"), submission, rows: dataset.ids.length, problems };
}
