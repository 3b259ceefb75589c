import { stat } from "node:fs/promises";
import { type Columns, DEFAULT_COLUMNS } from "../dataset/columns.ts";
import { toDigits } from "../dataset/submission/clip-and-round.ts";
import { readSubmission } from "../dataset/submission/read-submission.ts";
import { explainFileError } from "../files/explain.ts";
import { takeTriples, tripleAt } from "../metrics/triples.ts";
import { type LoadedRun, loadRunFolder } from "../runfolder/load-run-folder.ts";
import { takeRunRows } from "../runfolder/rows-file.ts";
import type { Clip } from "../types.ts";

/** The probabilities that are evaluated: those of a run or of a bare submission. */
export interface Subject {
  readonly path: string;
  readonly ids: readonly string[];
  /** Probabilities, three for each row, clipped and rounded as in the submission. */
  readonly written: Float64Array;
  /** Null for a bare submission. */
  readonly run: LoadedRun | null;
  readonly columns: Columns;
  readonly seed: number;
}

/** Opens a run folder or a submission. Throws AbtieError("data") when `path` is neither. */
export async function openSubject(path: string): Promise<Subject> {
  if (!(await isFolder(path))) {
    const { ids, probabilities } = await readSubmission(path);
    return { path, ids, written: probabilities, run: null, columns: DEFAULT_COLUMNS, seed: 0 };
  }
  return subjectOf(await loadRunFolder(path));
}

/** Turns a loaded run into a subject. */
export function subjectOf(run: LoadedRun): Subject {
  const { rows, config, folder } = run;
  return {
    path: folder,
    ids: rows.ids,
    written: asWritten(rows.probabilities, config.clip),
    run,
    columns: config.columns,
    seed: config.seed,
  };
}

/** Takes some rows of a subject, in the order given. */
export function takeSubject(subject: Subject, rows: Uint32Array): Subject {
  const { ids, written, run } = subject;
  return {
    ...subject,
    ids: Array.from(rows, (row) => ids[row] as string),
    written: takeTriples(written, rows),
    run: run === null ? null : { ...run, rows: takeRunRows(run.rows, rows) },
  };
}

/** Clips and rounds probabilities, three for each row, as a submission does. */
export function asWritten(probabilities: Float64Array, clip: Clip): Float64Array {
  const written = new Float64Array(probabilities.length);
  for (let row = 0; 3 * row < probabilities.length; row += 1) {
    written.set(toDigits(tripleAt(probabilities, row), clip).map(Number), 3 * row);
  }
  return written;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}
