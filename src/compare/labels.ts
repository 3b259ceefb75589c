import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { normalisedWeights } from "../metrics/triples.ts";

/** The labels of a list of rows. */
export interface Labels {
  readonly ids: readonly string[];
  /** Weights of a, b and tie, three for each row. */
  readonly truth: Float64Array;
  /** Group number of each row. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
  /** Inverse inclusion probability of each row, divided by the mean; null when the rows are no sample. */
  readonly weights: Float64Array | null;
}

/** Returns the labels of a file; null when it has none. */
export function labelsOf({ ids, truth, groups, inclusion }: MaybeLabelled): Labels | null {
  if (truth === null) return null;
  const weights = inclusion === null ? null : normalisedWeights(inclusion.map((probability) => 1 / probability));
  return { ids, truth, groups, weights };
}

type MaybeLabelled = Pick<Dataset, "ids" | "truth" | "groups" | "inclusion">;

/**
 * Returns the labels of a file by which a comparison may stop early. Throws AbtieError("data") with the names of the
 * expected columns when the file has no labels, and when its rows are a sample with unequal probabilities.
 */
export function requireLabels(
  dataset: MaybeLabelled,
  { input, columns, truth: source }: Pick<Config, "input" | "columns" | "truth">,
): Labels {
  const labels = labelsOf(dataset);
  if (labels !== null && labels.weights === null) return labels;
  if (labels !== null) {
    throw new AbtieError(
      "data",
      `${input} is a sample with inclusion probabilities, and early stopping needs rows of equal weight: leave out --early-stop`,
    );
  }
  const wanted = source === "votes" ? `the column ${columns.votes}` : `the columns ${columns.labels.join(", ")}`;
  throw new AbtieError(
    "data",
    `${input} has no labels, and only labels show which variant is better, so the comparison cannot stop early: expected ` +
      `${wanted}. Name a labelled file with -i; name its columns under \`columns\` (winner_a, winner_b, winner_tie); for a ` +
      "column of votes add --truth votes; or leave out --early-stop to measure how far the variants agree.",
  );
}
