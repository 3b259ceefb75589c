import { type ClassMatrix, rowAt, rowsOf, setRow } from "../class-matrix.ts";
import { perClass } from "../classes.ts";
import { formatCount } from "../format.ts";
import type { Classes } from "../types.ts";

/** The labels of a file as a judge can be measured by them. */
export interface UsableLabels {
  /** The labels, with the classes of the judge; NaN in each row that is left out. */
  readonly truth: ClassMatrix;
  /** The rows with a label that the judge can give, in order. */
  readonly rows: Uint32Array;
  /** Number of rows that are left out: they are labelled as a tie, and the judge knows none. */
  readonly ties: number;
}

/**
 * Restricts labels to the classes of a judge. A judge with a tie is measured by all rows. One without a tie is measured by
 * the rows that have a winner: a row that is labelled as a tie is left out, and of a row with votes, the votes for a tie
 * are, so that its other shares sum to 1.
 */
export function labelsFor(classes: Classes, truth: ClassMatrix): UsableLabels {
  const count = rowsOf(truth);
  const all = Uint32Array.from({ length: count }, (_, row) => row);
  if (classes.length === truth.classes.length) return { truth, rows: all, ties: 0 };
  const restricted = { classes, values: new Float64Array(classes.length * count).fill(Number.NaN) };
  const rows = all.filter((row) => {
    const weights = rowAt(truth, row);
    const rest = weights[0] + weights[1];
    if (rest <= 0) return false;
    setRow(
      restricted,
      row,
      perClass(classes, (_, index) => (weights[index] ?? 0) / rest),
    );
    return true;
  });
  return { truth: restricted, rows, ties: count - rows.length };
}

/** Says that rows were left out because the judge knows no tie; null when none was. */
export function leftOutTies({ ties }: Pick<UsableLabels, "ties">): string | null {
  if (ties === 0) return null;
  const were =
    ties === 1 ? "1 row that is labelled as a tie was" : `${formatCount(ties)} rows that are labelled as ties were`;
  return `${were} left out, because the judge knows no tie`;
}
