import type { Estimate } from "../data.ts";
import { fixed, NONE, range } from "../number.ts";
import type { MarkdownColumn } from "./markdown.ts";

/** Writes an estimate with its interval behind it. */
export function estimateText(estimate: Estimate | null, format: (value: number) => string): string {
  if (estimate === null) return NONE;
  const ends = range(estimate, format);
  return `${format(estimate.value)}${ends && ` (${ends})`}`;
}

/** Writes a calibration error with what chance alone would leave behind it. */
export function eceText(ece: number, whenCalibrated: number | null): string {
  return `${fixed(ece, 3)}${whenCalibrated === null ? "" : ` (${fixed(whenCalibrated, 3)} by chance)`}`;
}

/** Makes a column of text and columns of numbers behind it. */
export function columnsOf(name: string, numbers: readonly string[]): MarkdownColumn[] {
  return [{ name, numeric: false }, ...numbers.map((number) => ({ name: number, numeric: true }))];
}
