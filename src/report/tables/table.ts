import type { Estimate, Scores } from "../data/run-data.ts";
import { count, fixed, massText, NONE, percent, range } from "../text/number.ts";

/**
 * A table as data; the page, the Markdown and the terminal each draw it in their own way. The first column contains the
 * name of each row.
 */
export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column: its heading, and whether it contains numbers, which are aligned at the right. */
export interface Column {
  readonly name: string;
  readonly numeric: boolean;
  /** The meaning of the column, for columns that need more than a name. */
  readonly hint?: string;
}

/**
 * A cell: its text, and a second text, which the page shows below the first one and other outputs show in brackets
 * after it.
 */
export interface Cell {
  readonly text: string;
  readonly below?: string;
  /**
   * The value by which rows are sorted. Without it, a column of text is sorted by the text, and in a column of numbers
   * the row is last.
   */
  readonly sort?: number | string;
  /** Whether the cell contains good or bad news; it is then coloured. */
  readonly tone?: "good" | "bad";
}

/** Makes a column of text. */
export function textColumn(name: string, hint?: string): Column {
  return hint === undefined ? { name, numeric: false } : { name, numeric: false, hint };
}

/** Makes a column of numbers. */
export function numberColumn(name: string, hint?: string): Column {
  return hint === undefined ? { name, numeric: true } : { name, numeric: true, hint };
}

/** Makes a cell with a number, or with a dash when the number is unknown. */
export function numberCell(value: number | null, format: (value: number) => string): Cell {
  return value === null || !Number.isFinite(value) ? { text: NONE } : { text: format(value), sort: value };
}

/** Makes a cell with a count. */
export function countCell(value: number): Cell {
  return numberCell(value, count);
}

/** Makes a cell with a number and its interval, or with a dash when the number is unknown. */
export function estimateCell(estimate: Estimate | null, format: (value: number) => string): Cell {
  if (estimate === null) return { text: NONE };
  return { ...numberCell(estimate.value, format), below: range(estimate, format) };
}

/**
 * Makes a cell with a calibration error, and with the error that a perfectly calibrated judge would have by chance.
 */
export function eceCell({ ece, eceWhenCalibrated }: Pick<Scores, "ece" | "eceWhenCalibrated">): Cell {
  return {
    ...numberCell(ece, loss),
    ...(eceWhenCalibrated !== null && { below: `chance ${loss(eceWhenCalibrated)}` }),
  };
}

/** Makes a cell with the median of the label mass and its 5th percentile. */
export function massCell(mass: { readonly median: number; readonly p5: number } | null): Cell {
  return mass === null ? { text: NONE } : { ...numberCell(mass.median, massText), below: `p5 ${massText(mass.p5)}` };
}

/** Makes a cell with yes or no. */
export function yesCell(is: boolean | null): Cell {
  if (is === null) return { text: NONE };
  return { text: is ? "yes" : "no", tone: is ? "good" : "bad" };
}

/** Formats a loss or a score in nats. */
export function loss(value: number): string {
  return fixed(value, 3);
}

/** Formats a rate, 0 to 1, as a percentage with one decimal. */
export function rate(value: number): string {
  return percent(value, 1);
}
