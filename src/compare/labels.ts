import type { ClassMatrix } from "../class-matrix.ts";
import type { Config } from "../config/config.ts";
import { expectedLabels, NAME_LABELS } from "../dataset/label-columns.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { onlyTies } from "../evaluate/evaluation.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import { normalisedWeights } from "../metrics/weights.ts";

/** The labels of a list of rows. */
export interface Labels {
  readonly ids: readonly string[];
  /** The labels, with the classes of the judges. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
  /** Inverse inclusion probability of each row, divided by the mean; null when the rows are no sample. */
  readonly weights: Float64Array | null;
}

/** The labels of a whole file. */
export interface FileLabels extends Labels {
  /** The rows on which variants can be compared, in the order of the file; `truth` is NaN in the others. */
  readonly rows: Uint32Array;
  /** Number of rows that are left out: they are labelled as ties, and the judges know none. */
  readonly ties: number;
}

type MaybeLabelled = Pick<Dataset, "ids" | "truth" | "groups" | "inclusion" | "labelNotes">;

/**
 * Returns the labels of a file as judges of these classes can be compared by them; null when the file has none. Throws
 * AbtieError("data") when every label is a tie and the judges know none.
 */
export function labelsOf(
  { ids, truth, groups, inclusion }: MaybeLabelled,
  { input, classes }: Pick<Config, "input" | "classes">,
): FileLabels | null {
  if (truth === null) return null;
  const usable = labelsFor(classes, truth);
  if (usable.rows.length === 0) throw onlyTies(input);
  const weights = inclusion === null ? null : normalisedWeights(inclusion.map((probability) => 1 / probability));
  return { ids, groups, weights, ...usable };
}

/**
 * Returns the labels of a file by which a comparison may stop early. Throws AbtieError("data") with the names of the
 * expected columns when the file has no labels, and when its rows are a sample with unequal probabilities.
 */
export function requireLabels(
  dataset: MaybeLabelled,
  config: Pick<Config, "input" | "columns" | "truth" | "classes">,
): FileLabels {
  const { input } = config;
  const labels = labelsOf(dataset, config);
  if (labels !== null && labels.weights === null) return labels;
  if (labels !== null) {
    throw new AbtieError(
      "data",
      `${input} is a sample with inclusion probabilities, and early stopping needs rows of equal weight: leave out --early-stop`,
    );
  }
  throw new AbtieError(
    "data",
    `${input} has no labels, and only labels show which variant is better, so the comparison cannot stop early: ` +
      `${expectedLabels(config)}. Name a labelled file with -i. ${NAME_LABELS}; for a column of votes add --truth votes; ` +
      "or leave out --early-stop to measure how far the variants agree.",
    { details: dataset.labelNotes },
  );
}
