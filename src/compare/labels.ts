import type { ClassMatrix } from "../class-matrix.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { onlyTies } from "../evaluate/evaluation.ts";
import { labelsFor } from "../metrics/labels-for.ts";

/** The labels of a list of rows. */
export interface Labels {
  readonly ids: readonly string[];
  /** The labels, with the classes of the judges. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
}

/** The labels of a whole file. */
export interface FileLabels extends Labels {
  /** The rows on which variants can be compared, in the order of the file; `truth` is NaN in the others. */
  readonly rows: Uint32Array;
  /** Number of rows that are left out: they are labelled as ties, and the judges know none. */
  readonly ties: number;
}

/**
 * Returns the labels of a file as judges of these classes can be compared by them. Throws AbtieError("data") when there
 * is none, with the names of the expected columns when the file has no labels.
 */
export function requireLabels(
  { ids, truth, groups }: Pick<Dataset, "ids" | "truth" | "groups">,
  { input, columns, truth: source, classes }: Pick<Config, "input" | "columns" | "truth" | "classes">,
): FileLabels {
  if (truth !== null) {
    const usable = labelsFor(classes, truth);
    if (usable.rows.length === 0) throw onlyTies(input);
    return { ids, groups, ...usable };
  }
  const wanted = source === "votes" ? `the column ${columns.votes}` : `the columns ${columns.labels.join(", ")}`;
  throw new AbtieError(
    "data",
    `${input} has no labels, and variants can only be compared by labels: expected ${wanted}. ` +
      "Name a labelled file with -i; name its columns under `columns` (winner_a, winner_b, winner_tie); for a column of " +
      "votes add --truth votes.",
  );
}
