import type { Classes, OutputForm } from "../../types.ts";
import { DEFAULT_COLUMNS } from "../../types.ts";
import { createProblems, type FileProblem, type Problems } from "../sources/problems.ts";
import type { Header } from "../sources/source.ts";
import { submissionHeader } from "./header.ts";
import { openSubmission, type ScannedSubmission, type SubmissionColumns, scanSubmission } from "./read-submission.ts";

/**
 * Applies the grader's checks to a submission for rows with these ids: it must have exactly these columns (without
 * `classes` that of the tie may be missing, which a note then says), each id exactly once, a number from 0 to 1 in every
 * cell, and a sum of 1 in each row within 1e-6. Returns every problem: errors for which the grader would refuse the file,
 * and notes for unusual content that it accepts. Only a file of the kind "submission" may have no further columns; without
 * a kind, that is any CSV. Throws AbtieError("data") only when the file cannot be read as a table with these columns.
 */
export async function validateSubmission(
  path: string,
  ids: readonly string[],
  columns: SubmissionColumns = {},
  classes: Classes | null = null,
  kind?: OutputForm["kind"],
): Promise<readonly FileProblem[]> {
  return (await checkSubmission(path, async () => ({ ids, names: null }), columns, classes, kind)).problems;
}

/** The ids that a submission should have. */
export interface ExpectedIds {
  readonly ids: readonly string[];
  /** The names that the column with the ids may have; null: the one that was looked for. */
  readonly names: readonly string[] | null;
}

/**
 * Does the same for a submission whose id column is only known from its header: `idsOf` gets the name of that column. Gives the ids
 * of the submission too.
 */
export async function checkSubmission(
  path: string,
  idsOf: (idColumn: string) => Promise<ExpectedIds>,
  columns: SubmissionColumns,
  classes: Classes | null,
  kind?: OutputForm["kind"],
): Promise<{
  readonly problems: readonly FileProblem[];
  readonly ids: readonly string[];
  readonly expected: ExpectedIds;
}> {
  await using source = await openSubmission(path);
  const problems = createProblems(path, source.unit);
  const submission = await scanSubmission(source, { columns, classes }, problems);
  const { header, idColumn } = submission;
  const found = submission.probabilities.classes;
  const { labels = DEFAULT_COLUMNS.labels } = columns;
  if (classes === null && found.length === 2) {
    problems.add(
      "That is right for a judge without ties; a grader of ties would refuse the file.",
      {
        line: header.line,
        text: `there is no column ${JSON.stringify(labels[2])}: the file is read as one of two classes`,
      },
      "note",
    );
  }
  // The records of the other kinds of file have their own names, and no header.
  const isSubmission = kind === undefined ? header.line !== null : kind === "submission";
  if (isSubmission) compareHeaders(header, submissionHeader({ id: idColumn, labels }, found), problems);
  const expected = await idsOf(idColumn);
  if (expected.names?.includes(idColumn) === false) {
    const text = `the ids are in the column ${JSON.stringify(idColumn)}, expected ${expected.names.join(" or ")}`;
    problems.add("Rename the column, or give its name with --id.", { line: header.line, text });
  }
  compareIds(submission, expected.ids, problems);
  return { problems: problems.list(), ids: submission.ids, expected };
}

function compareHeaders({ names: found, line }: Header, expected: readonly string[], problems: Problems): void {
  const extra = found.filter((name) => !expected.includes(name));
  if (extra.length > 0) {
    const text = `columns that do not belong there: ${extra.map((name) => JSON.stringify(name)).join(", ")}`;
    const wide = "A file that shall have more is checked with --format wide.";
    problems.add(`The columns of a submission must be ${expected.join(", ")} and no others. ${wide}`, { line, text });
  } else if (found.join() !== expected.join()) {
    problems.add(
      "The grader finds columns by name.",
      { line, text: `the columns are in the order ${found.join(", ")}` },
      "note",
    );
  }
}

function compareIds({ ids, lines }: ScannedSubmission, expected: readonly string[], problems: Problems): void {
  const wanted = new Set(expected);
  const found = new Set(ids);
  for (const [index, id] of ids.entries()) {
    if (wanted.has(id) || id.trim() === "") continue;
    const text = `the id ${JSON.stringify(id)} is not among the input's`;
    problems.add("Remove rows that the input does not have; ids must be written exactly as there.", {
      line: lines[index] ?? null,
      text,
    });
  }
  for (const [index, id] of expected.entries()) {
    if (found.has(id)) continue;
    const text = `the id ${JSON.stringify(id)} (row ${index + 1} of the input) is missing`;
    problems.add("Each row of the input needs a row in the submission.", { line: null, text });
  }
  const moved = ids.findIndex((id, index) => id !== expected[index]);
  const sameSet = problems.list().every(({ level }) => level === "note");
  if (sameSet && moved !== -1) {
    problems.add(
      "The grader joins by id, so the order does not matter.",
      { line: lines[moved] ?? null, text: "from here on the rows are in another order than the input's" },
      "note",
    );
  }
}
