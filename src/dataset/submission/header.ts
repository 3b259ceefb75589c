import type { Classes, Columns } from "../../types.ts";
import { ID_NAMES, simplify } from "../known-columns.ts";

/** Lists the columns of a submission: the id, and one for each class of the judge. */
export function submissionHeader({ id, labels }: Pick<Columns, "id" | "labels">, classes: Classes): readonly string[] {
  return [id, ...labels.slice(0, classes.length)];
}

/**
 * Finds the column with the ids of a submission with these columns: under the name that is wanted, else under a usual one, else the
 * only column besides the probabilities. Gives the wanted name where there is none.
 */
export function submissionId(names: readonly string[], { id, labels }: Pick<Columns, "id" | "labels">): string {
  if (names.includes(id)) return id;
  const others = names.filter((name) => !labels.includes(name));
  const usual = ID_NAMES.flatMap((wanted) => others.filter((name) => simplify(name) === wanted));
  return usual[0] ?? (others.length === 1 ? others[0] : undefined) ?? id;
}
