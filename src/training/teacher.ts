import { type ClassMatrix, matrixOf, rowAt } from "../class-matrix.ts";
import { uniform } from "../classes.ts";
import { AbtieError } from "../errors.ts";
import { loadRunFolder } from "../runfolder/load-run-folder.ts";
import type { Classes } from "../types.ts";

/** The answers of a run, in the order of the rows that are to learn from them. */
export interface Teacher {
  /** Probabilities of each row; equal shares where the run has no answer. */
  readonly probabilities: ClassMatrix;
  readonly answered: (row: number) => boolean;
}

/**
 * Reads the probabilities of a run, joined by id, as what a model shall learn. Rows for which the run has the fallback count as
 * unanswered. Throws AbtieError("data") when the folder is no run, its judge has other classes, or it has answered none of the rows.
 */
export async function readTeacher(folder: string, ids: readonly string[], classes: Classes): Promise<Teacher> {
  const { rows, config } = await loadRunFolder(folder);
  if (config.classes.length !== classes.length) {
    throw new AbtieError(
      "data",
      `the run ${folder} has the classes ${config.classes.join(", ")}, and the judge to be trained has ${classes.join(", ")}: take a teacher with the same classes`,
    );
  }
  const indexOf = new Map(
    rows.ids.flatMap((id, index) => (rows.obtained[index] === "prior" ? [] : [[id, index] as const])),
  );
  const found = ids.map((id) => indexOf.get(id));
  if (found.every((index) => index === undefined)) {
    throw new AbtieError(
      "data",
      `the run ${folder} has answered none of these rows: rows are joined by id; name the run of this file`,
    );
  }
  return {
    probabilities: matrixOf(
      classes,
      found.map((index) => (index === undefined ? uniform(classes) : rowAt(rows.probabilities, index))),
    ),
    answered: (row) => found[row] !== undefined,
  };
}
