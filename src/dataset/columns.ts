import { distance } from "fastest-levenshtein";
import { AbtieError } from "../errors.ts";
import type { Header } from "./sources/source.ts";

/** The names of the columns that are read. Other columns of the file are ignored. */
export interface Columns {
  readonly id: string;
  readonly prompt: string;
  readonly responseA: string;
  readonly responseB: string;
  /**
   * The weights of the classes a, b and tie: 1 for one class and 0 for the others, or any three weights that are not
   * negative.
   */
  readonly labels: readonly [a: string, b: string, tie: string];
  /** The labels of all annotators, separated by "|": "A|B|tie". */
  readonly votes: string;
}

/** The names of the columns in the LMSYS preference data. */
export const DEFAULT_COLUMNS: Columns = {
  id: "id",
  prompt: "prompt",
  responseA: "response_a",
  responseB: "response_b",
  labels: ["winner_model_a", "winner_model_b", "winner_tie"],
  votes: "votes",
};

/**
 * Finds the indexes of the wanted columns in a header, in the order of `wanted`. Throws AbtieError("data") with the
 * header and the most similar names when a column is missing or occurs more than once.
 */
export function findColumns({ path, line, names }: Header, wanted: readonly string[]): readonly number[] {
  const unused = names.filter((name) => !wanted.includes(name));
  const problems = wanted.flatMap((name) => problemOf(name, names, unused));
  if (problems.length === 0) return wanted.map((name) => names.indexOf(name));
  throw new AbtieError(
    "data",
    `${path}, line ${line}: ${problems.join("; ")}. The header is: ${names.join(", ")}. ${remedyFor(names)}`,
  );
}

function remedyFor(names: readonly string[]): string {
  return names.length === 1 && /[;\t|]/.test(names[0] ?? "")
    ? "The cells must be separated by commas."
    : 'Rename the column in the file, or give its name under "columns" in the config.';
}

function problemOf(name: string, header: readonly string[], unused: readonly string[]): readonly string[] {
  const count = header.filter((found) => found === name).length;
  if (count === 1) return [];
  if (count > 1) return [`the column "${name}" is there ${count} times`];
  const nearest = findNearest(name, unused);
  return [`the column "${name}" is missing${nearest === null ? "" : ` (did you mean "${nearest}"?)`}`];
}

function findNearest(name: string, unused: readonly string[]): string | null {
  const plain = simplify(name);
  const [nearest] = unused
    .map((found) => ({ found, far: distance(plain, simplify(found)) }))
    .filter(({ far }) => far < plain.length && far <= Math.max(1, plain.length / 3))
    .sort((left, right) => left.far - right.far);
  return nearest?.found ?? null;
}

// A person would take "Response A", "responseA" and "response_a" for the same name.
function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
