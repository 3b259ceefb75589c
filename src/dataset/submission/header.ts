import type { Classes, Columns } from "../../types.ts";

/** Lists the columns of a submission: the id, and one for each class of the judge. */
export function submissionHeader({ id, labels }: Pick<Columns, "id" | "labels">, classes: Classes): readonly string[] {
  return [id, ...labels.slice(0, classes.length)];
}
