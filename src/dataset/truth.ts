import { CLASSES, type ClassName, type Triple } from "../types.ts";
import { readDecimal } from "./cell.ts";

/** The truth of a row: three weights that sum to 1, or a sentence that says why its cells give none. */
export type Truth = { readonly ok: true; readonly weights: Triple } | { readonly ok: false; readonly wrong: string };

/**
 * Reads the cells of the three label columns: 1 for one class and 0 for the others, or any weights that are not
 * negative. Divides the weights by their sum.
 */
export function readWeights(cells: readonly [a: string, b: string, tie: string]): Truth {
  const weights = cells.map(readDecimal);
  const [a = 0, b = 0, tie = 0] = weights;
  const sum = a + b + tie;
  if (weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum)) {
    return { ok: true, weights: [a / sum, b / sum, tie / sum] };
  }
  const shown = cells.map((cell) => JSON.stringify(cell)).join(", ");
  return { ok: false, wrong: `the labels are ${shown}` };
}

/** The form that readWeights expects. */
export const WEIGHTS_REMEDY = "Labels are one-hot (1, 0, 0), or three numbers that are not negative and not all zero.";

/** Reads a cell of votes, for example "A|B|tie", as the share of each class. */
export function readVotes(cell: string): Truth {
  const votes = cell.split("|").map((vote) => vote.trim().toLowerCase());
  if (!votes.every(isClass)) return { ok: false, wrong: `the votes are ${JSON.stringify(cell)}` };
  const share = (name: ClassName): number => votes.filter((vote) => vote === name).length / votes.length;
  return { ok: true, weights: [share("a"), share("b"), share("tie")] };
}

/** The form that readVotes expects. */
export const VOTES_REMEDY = 'Votes are A, B or tie with "|" between, at least one: A|B|tie.';

function isClass(vote: string): vote is ClassName {
  return (CLASSES as readonly string[]).includes(vote);
}
