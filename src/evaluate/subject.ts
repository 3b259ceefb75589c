import { stat } from "node:fs/promises";
import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import { asWritten } from "../dataset/submission/clip-and-round.ts";
import { readSubmission } from "../dataset/submission/read-submission.ts";
import { explainFileError } from "../files/explain.ts";
import { type LoadedRun, loadRunFolder } from "../runfolder/load-run-folder.ts";
import { takeRunRows } from "../runfolder/rows-file.ts";
import { type Columns, DEFAULT_COLUMNS } from "../types.ts";

/** The probabilities that are evaluated: those of a run or of a bare submission. */
export interface Subject {
  readonly path: string;
  readonly ids: readonly string[];
  /** Probabilities, clipped and rounded as in the submission. */
  readonly written: ClassMatrix;
  /** Null for a bare submission. */
  readonly run: LoadedRun | null;
  readonly columns: Columns;
  readonly seed: number;
}

/** Opens a run folder or a submission. Throws AbtieError("data") when `path` is neither. */
export async function openSubject(path: string): Promise<Subject> {
  if (!(await isFolder(path))) {
    const { ids, idColumn, probabilities } = await readSubmission(path);
    return { path, ids, written: probabilities, run: null, columns: { ...DEFAULT_COLUMNS, id: idColumn }, seed: 0 };
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
export function takeSubject({ ids, written, run, ...others }: Subject, rows: Uint32Array): Subject {
  return {
    ...others,
    ids: [...rows].flatMap((row) => ids.slice(row, row + 1)),
    written: pickRows(written, rows),
    run: run === null ? null : { ...run, rows: takeRunRows(run.rows, rows) },
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}
