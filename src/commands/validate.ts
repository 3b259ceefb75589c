import { resolve } from "node:path";
import { namedColumns, type WrittenColumns } from "../config/columns.ts";
import { columnWithIds, readIds } from "../dataset/read-ids.ts";
import type { FileProblem } from "../dataset/sources/problems.ts";
import { submissionId } from "../dataset/submission/header.ts";
import { checkSubmission, type ExpectedIds } from "../dataset/submission/validate-submission.ts";
import { idFlag } from "../dataset/suggest-columns.ts";
import type { Effects } from "../effects.ts";
import { inputPath, STANDARD_INPUT } from "../files/input-path.ts";
import { type Columns, DEFAULT_COLUMNS, type OutputForm } from "../types.ts";

export interface ValidateOptions {
  readonly submission: string;
  /** The rows that the submission answers, which need no columns but the ids. */
  readonly input: string;
  /** Name of the id column of both files; omitted: as in the rows, or "id". */
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
  /** A sentence about a column of the rows that has the ids of the submission, which the rows were not read by; null without one. */
  readonly idHint: string | null;
}

/**
 * Checks a submission as the grader does. Of the rows only the ids are read. Throws AbtieError("data") when a file cannot be read as
 * a table.
 */
export async function validate(
  { id, columns: written = {}, format, ...options }: ValidateOptions,
  { cwd, signal }: Pick<Effects, "cwd" | "signal">,
): Promise<ValidateResult> {
  const columns = namedColumns(written);
  const submission = resolve(cwd, options.submission);
  const input = inputPath(cwd, options.input);
  const named = id ?? written.id;
  const idsOf = async (idColumn: string): Promise<ExpectedIds> => {
    const choice = (names: readonly string[]): Columns => {
      const found = named ?? (names.includes(idColumn) ? idColumn : undefined);
      return found === undefined ? columns : { ...columns, id: found };
    };
    const { ids, column } = await readIds(input, { columns: choice, signal });
    // A run whose config names no id column writes "id", whatever the column of its rows is called.
    const names = id === undefined ? [...new Set([column, DEFAULT_COLUMNS.id])].filter((name) => name !== null) : [id];
    return { ids, names };
  };
  const idIn = id ?? ((names: readonly string[]) => submissionId(names, { ...columns, id: written.id ?? columns.id }));
  const checked = await checkSubmission(submission, idsOf, { id: idIn, labels: columns.labels }, null, format);
  const { expected, problems } = checked;
  const known = new Set(expected.ids);
  const other =
    named === undefined && input !== STANDARD_INPUT && !checked.ids.some((found) => known.has(found))
      ? await columnWithIds(input, checked.ids, signal)
      : null;
  return {
    valid: !problems.some(({ level }) => level === "error"),
    submission,
    rows: expected.ids.length,
    problems,
    idHint:
      other === null
        ? null
        : `the column ${JSON.stringify(other)} of ${input} has the ids of the submission: add ${idFlag(other)}`,
  };
}
