import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import { AbtieError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Subject } from "./subject.ts";

/**
 * Lists for each row of the first judge the position of the same row at the other. Throws AbtieError("data") when the other
 * has other rows.
 */
export function inOrderOf(first: Subject, other: Subject): Uint32Array {
  const indexOf = new Map(other.ids.map((id, index) => [id, index]));
  const missing = first.ids.filter((id) => !indexOf.has(id));
  if (missing.length > 0 || other.ids.length !== first.ids.length) {
    const [id] = missing;
    throw new AbtieError(
      "data",
      `${first.path} and ${other.path} hold different rows: expected the same ids in both, found ${plural(first.ids.length, "row")} ` +
        `and ${plural(other.ids.length, "row")}${id === undefined ? "" : `, and ${JSON.stringify(id)} only in the first`}. ` +
        "Score the same file with both.",
    );
  }
  return Uint32Array.from(first.ids, (id) => indexOf.get(id) as number);
}

/** Throws AbtieError("data") when some judges know a tie and others do not, because their numbers cannot be compared. */
export function refuseOtherClasses(first: Subject, others: readonly Subject[], measured: string): void {
  const ties = ({ written }: Subject): string => (written.classes.length === 2 ? "without ties" : "with ties");
  const other = others.find((subject) => ties(subject) !== ties(first));
  if (other === undefined) return;
  throw new AbtieError(
    "data",
    `${first.path} was judged ${ties(first)} and ${other.path} ${ties(other)}, so that ${measured} cannot be measured: ` +
      "name runs that all know a tie, or none",
  );
}

/** Returns the probabilities of another judge in the order of the first. Throws like inOrderOf and refuseOtherClasses. */
export function writtenInOrderOf(first: Subject, other: Subject): ClassMatrix {
  refuseOtherClasses(first, [other], "their difference");
  return pickRows(other.written, inOrderOf(first, other));
}
