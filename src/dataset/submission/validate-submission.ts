import type { Classes } from "../../types.ts";
import { DEFAULT_COLUMNS } from "../columns.ts";
import { createProblems, type FileProblem, type Problems } from "../sources/problems.ts";
import { submissionHeader } from "./header.ts";
import { type ScannedSubmission, type SubmissionColumns, scanSubmission } from "./read-submission.ts";

/**
 * Applies the grader's checks to a submission for rows with these ids: it must have exactly these columns (without
 * `classes` that of the tie may be missing, which a note then says), each id exactly once, a number from 0 to 1 in every cell, and a sum of 1 in each row within 1e-6. Returns every problem:
 * errors for which the grader would refuse the file, and notes for unusual content that it accepts. Throws
 * AbtieError("data") only when the file cannot be read as a table with these columns.
 */
export async function validateSubmission(
  path: string,
  ids: readonly string[],
  columns: SubmissionColumns = {},
  classes: Classes | null = null,
): Promise<readonly FileProblem[]> {
  const problems = createProblems(path);
  const submission = await scanSubmission(path, { columns, classes }, problems);
  const found = submission.probabilities.classes;
  const named = { ...DEFAULT_COLUMNS, ...columns };
  if (classes === null && found.length === 2) {
    problems.add(
      "That is right for a judge without ties; a grader of ties would refuse the file.",
      {
        line: 1,
        text: `there is no column ${JSON.stringify(named.labels[2])}: the file is read as one of two classes`,
      },
      "note",
    );
  }
  compareHeaders(submission.header, submissionHeader(named, found), problems);
  compareIds(submission, ids, problems);
  return problems.list();
}

function compareHeaders(found: readonly string[], expected: readonly string[], problems: Problems): void {
  const extra = found.filter((name) => !expected.includes(name));
  if (extra.length > 0) {
    const text = `columns that do not belong there: ${extra.map((name) => JSON.stringify(name)).join(", ")}`;
    problems.add(`The columns must be ${expected.join(", ")} and no others.`, { line: 1, text });
  } else if (found.join() !== expected.join()) {
    problems.add(
      "The grader finds columns by name.",
      { line: 1, text: `the columns are in the order ${found.join(", ")}` },
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
