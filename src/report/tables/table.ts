import type { Estimate, Scores } from "../data/run-data.ts";
import { count, fixed, massText, NONE, percent, range } from "../text/number.ts";

/** A table as data: the page, the Markdown and the terminal each draw it. The first column names the row. */
export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column: its heading and whether it holds numbers, which stand at the right. */
export interface Column {
  readonly name: string;
  readonly numeric: boolean;
  /** The meaning of the column, where its name is not enough. */
  readonly hint?: string;
}

/** A cell: its text, and a second text that stands below it on the page and in brackets behind it elsewhere. */
export interface Cell {
  readonly text: string;
  readonly below?: string;
  /** The value that rows are sorted by. Left out, a column of text sorts by the text; in a column of numbers the row goes last. */
  readonly sort?: number | string;
  /** Whether the cell holds good or bad news; it is coloured then. */
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

/** A plain number; a dash where it is unknown. */
export function numberCell(value: number | null, format: (value: number) => string): Cell {
  return value === null || !Number.isFinite(value) ? { text: NONE } : { text: format(value), sort: value };
}

/** A count. */
export function countCell(value: number): Cell {
  return numberCell(value, count);
}

/** A number with its interval; a dash where it is unknown. */
export function estimateCell(estimate: Estimate | null, format: (value: number) => string): Cell {
  if (estimate === null) return { text: NONE };
  return { ...numberCell(estimate.value, format), below: range(estimate, format) };
}

/** A calibration error with the error that chance alone would leave. */
export function eceCell({ ece, eceWhenCalibrated }: Pick<Scores, "ece" | "eceWhenCalibrated">): Cell {
  return {
    ...numberCell(ece, loss),
    ...(eceWhenCalibrated !== null && { below: `chance ${loss(eceWhenCalibrated)}` }),
  };
}

/** The median of the label mass with its 5th percentile. */
export function massCell(mass: { readonly median: number; readonly p5: number } | null): Cell {
  return mass === null ? { text: NONE } : { ...numberCell(mass.median, massText), below: `p5 ${massText(mass.p5)}` };
}

/** An answer of yes or no. */
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
