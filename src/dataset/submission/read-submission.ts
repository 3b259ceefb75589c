import type { ClassMatrix } from "../../class-matrix.ts";
import { classesOf } from "../../classes.ts";
import { sum } from "../../numbers/sums.ts";
import { CLASSES, type Classes, type Columns, DEFAULT_COLUMNS } from "../../types.ts";
import { cellText, readDecimal } from "../cell.ts";
import { findColumns, lacksTie } from "../columns.ts";
import { openSource } from "../sources/open-source.ts";
import { createProblems, type Problems, type Unit } from "../sources/problems.ts";
import type { Header, Source } from "../sources/source.ts";
import { submissionHeader, submissionId } from "./header.ts";

/** A submission's rows in the order of the file. */
export interface Submission {
  readonly ids: readonly string[];
  /** The column with the ids. */
  readonly idColumn: string;
  readonly probabilities: ClassMatrix;
}

/** The column names of a submission that differ from DEFAULT_COLUMNS; the id's may depend on the names that are there. */
export interface SubmissionColumns {
  readonly id?: string | ((names: readonly string[]) => string);
  readonly labels?: Columns["labels"];
}

/**
 * Reads a submission, which another program may have written, as CSV, JSON Lines or Parquet; further columns do not
 * matter. It is one without a tie when it lacks that column, and its ids may have another name than `id`. Throws AbtieError("data") with every row that the grader
 * would refuse: a row without an id, an id that occurs twice, a cell that is not a number in [0, 1], or a sum other
 * than 1 (within 1e-6).
 */
export async function readSubmission(path: string): Promise<Submission> {
  await using source = await openSubmission(path);
  const problems = createProblems(path, source.unit);
  const columns = { id: (names: readonly string[]) => submissionId(names, DEFAULT_COLUMNS) };
  const { ids, idColumn, probabilities } = await scanSubmission(source, { columns, classes: null }, problems);
  problems.throwIfAny();
  return { ids, idColumn, probabilities };
}

/** Opens a submission. The cells of a CSV are separated by commas, because a grader reads no others. */
export function openSubmission(path: string): Promise<Source> {
  return openSource(path, { delimiter: "," });
}

export interface ScannedSubmission extends Submission {
  /** Line in which each row begins, or its number, counted from 1. */
  readonly lines: readonly number[];
  readonly header: Header;
}

/** The columns and classes that a submission should have. */
export interface SubmissionShape {
  readonly columns: SubmissionColumns;
  /** Null: those of its header, with a tie if it has that column. */
  readonly classes: Classes | null;
}

/**
 * Reads a submission and reports the errors of its rows to `problems`. A cell that is not a probability becomes NaN.
 */
export async function scanSubmission(
  source: Source,
  { columns, classes: wanted }: SubmissionShape,
  problems: Problems,
): Promise<ScannedSubmission> {
  const { id = DEFAULT_COLUMNS.id, labels = DEFAULT_COLUMNS.labels } = columns;
  const { path, unit } = source;
  const ids: string[] = [];
  const probabilities: number[] = [];
  const lines: number[] = [];
  let header: Header = { path, line: null, names: [], called: "The header is" };
  let idColumn = "";
  let indices: readonly number[] = [];
  let classes: Classes = wanted ?? CLASSES;
  await source.scan({
    problems,
    onHeader: (found) => {
      header = found;
      classes = wanted ?? classesOf(!lacksTie(found.names, labels));
      idColumn = typeof id === "function" ? id(found.names) : id;
      indices = findColumns(found, submissionHeader({ id: idColumn, labels }, classes));
    },
    onRecord: ({ cells, line }) => {
      const [rowId = "", ...written] = indices.map((index) => cellText(cells[index]));
      ids.push(rowId);
      lines.push(line);
      probabilities.push(...readProbabilities(written, line, problems));
      return "go on";
    },
  });
  checkIds(ids, { lines, unit, problems });
  return { ids, idColumn, probabilities: { classes, values: Float64Array.from(probabilities) }, lines, header };
}

/** The grader's tolerance plus the rounding error of doubles: three times 0.333333 is 1.00000000003e-6 less than 1. */
const SUM_TOLERANCE = 1e-6 + 1e-9;

function readProbabilities(cells: readonly string[], line: number, problems: Problems): readonly number[] {
  const numbers = cells.map((cell) => {
    const number = readDecimal(cell);
    if (number >= 0 && number <= 1) return number;
    const text = cell.trim() === "" ? "a probability is empty" : `${JSON.stringify(cell)} is no number from 0 to 1`;
    problems.add("Each row needs a probability for each class, a number from 0 to 1.", { line, text });
    return Number.NaN;
  });
  const total = sum(numbers);
  if (Math.abs(total - 1) > SUM_TOLERANCE) {
    const text = `the probabilities sum to ${Number(total.toPrecision(9))}`;
    problems.add("The probabilities of a row must sum to 1, within 0.000001.", { line, text });
  }
  return numbers;
}

function checkIds(
  ids: readonly string[],
  { lines, unit, problems }: { readonly lines: readonly number[]; readonly unit: Unit; readonly problems: Problems },
): void {
  const lineOfId = new Map<string, number>();
  for (const [index, id] of ids.entries()) {
    const line = lines[index] ?? 0;
    const earlier = lineOfId.get(id);
    if (id.trim() === "") problems.add("Give each row its id.", { line, text: "the id is empty" });
    else if (earlier === undefined) lineOfId.set(id, line);
    else problems.add(REPEATED_REMEDY, { line, text: `the id ${JSON.stringify(id)} is already on ${unit} ${earlier}` });
  }
}

const REPEATED_REMEDY = "Each id must be there once: remove the later rows.";
