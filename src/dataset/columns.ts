import { distance } from "fastest-levenshtein";
import { AbtieError } from "../errors.ts";
import type { Columns } from "../types.ts";
import { simplify } from "./known-columns.ts";
import type { Header } from "./sources/source.ts";

/** The column with the probability with which a row came into a sample that `abtie sample` has drawn. */
export const INCLUSION_COLUMN = "inclusion_probability";

/**
 * Finds the indexes of the wanted columns in a header, in the order of `wanted`. Throws AbtieError("data") with the
 * header, the most similar names and what to do when a column is missing or occurs more than once.
 */
export function findColumns(header: Header, wanted: readonly string[], remedy?: string): readonly number[] {
  const unused = header.names.filter((name) => !wanted.includes(name));
  const problems = wanted.flatMap((name) => problemOf(name, header.names, unused));
  if (problems.length === 0) return wanted.map((name) => header.names.indexOf(name));
  throw headerError(header, problems, remedy);
}

/**
 * Decides whether a file with weights or probabilities has no column for the tie, as a file without ties may have none.
 * A column with a similar name is rather a slip, which is then reported.
 */
export function lacksTie(names: readonly string[], [a, b, tie]: Columns["labels"]): boolean {
  const others = names.filter((name) => name !== a && name !== b);
  return names.includes(a) && names.includes(b) && !others.includes(tie) && findNearest(tie, others) === null;
}

/** Builds the error for a header with these problems. */
export function headerError(
  { path, line, names, called }: Header,
  problems: readonly string[],
  remedy = 'Rename the column in the file, or give its name under "columns" in the config.',
): AbtieError {
  const where = line === null ? path : `${path}, line ${line}`;
  return new AbtieError(
    "data",
    `${where}: ${problems.join("; ")}. ${called}: ${names.join(", ")}. ${separators(names) ?? remedy}`,
  );
}

/** Describes a column that does not occur exactly once, with the most similar name among the unused ones. */
export function problemOf(name: string, header: readonly string[], unused: readonly string[]): readonly string[] {
  const count = header.filter((found) => found === name).length;
  if (count === 1) return [];
  if (count > 1) return [`the column "${name}" is there ${count} times`];
  const nearest = findNearest(name, unused);
  return [`the column "${name}" is missing${nearest === null ? "" : ` (did you mean "${nearest}"?)`}`];
}

function separators(names: readonly string[]): string | null {
  return names.length === 1 && /[;\t|]/.test(names[0] ?? "")
    ? "The cells must be separated by commas, tabs or semicolons."
    : null;
}

/** Finds the name that is most similar to a wrong one; null when none is similar. */
export function findNearest(name: string, unused: readonly string[]): string | null {
  const plain = simplify(name);
  const [nearest] = unused
    .map((found) => ({ found, far: distance(plain, simplify(found)) }))
    .filter(({ far }) => far < plain.length && far <= Math.max(1, plain.length / 3))
    .sort((left, right) => left.far - right.far);
  return nearest?.found ?? null;
}
