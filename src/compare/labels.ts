import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";

/** Refuses a file without labels. Throws AbtieError("data") naming the columns. */
export function requireLabels(
  truth: Float64Array | null,
  { input, columns, truth: source }: Pick<Config, "input" | "columns" | "truth">,
): Float64Array {
  if (truth !== null) return truth;
  const wanted = source === "votes" ? `the column ${columns.votes}` : `the columns ${columns.labels.join(", ")}`;
  throw new AbtieError(
    "data",
    `${input} has no labels, and variants can only be compared by labels: expected ${wanted}. ` +
      "Name a labelled file with -i; name its columns under `columns` (winner_a, winner_b, winner_tie); for a column of " +
      "votes add --truth votes.",
  );
}
