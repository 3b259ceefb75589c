import type { Estimate, Scores } from "../data.ts";
import { type Html, html } from "../html.ts";
import { count, fixed, NONE, percent, range } from "../number.ts";
import type { Cell } from "./table.ts";

/** A number with its interval in small figures below. */
export function estimateCell(estimate: Estimate | null, format: (value: number) => string): Cell {
  if (estimate === null) return { body: NONE };
  return { body: withRange(estimate, format), sort: estimate.value };
}

/** The interval of an estimate, in small figures below its value. */
export function withRange(estimate: Estimate, format: (value: number) => string): Html {
  const ends = range(estimate, format);
  return html`${format(estimate.value)}${ends && html`<small>${ends}</small>`}`;
}

/** A calibration error with what chance alone would leave, in small figures below. */
export function eceCell({ ece, eceWhenCalibrated }: Scores): Cell {
  const chance = eceWhenCalibrated !== null && html`<small>chance ${loss(eceWhenCalibrated)}</small>`;
  return { body: html`${loss(ece)}${chance}`, sort: ece };
}

export const loss = (value: number): string => fixed(value, 3);
export const share = (value: number): string => percent(value, 1);

/** A count of rows. */
export function countCell(value: number): Cell {
  return { body: count(value), sort: value };
}

/** A plain number; null sorts last. */
export function numberCell(value: number | null, format: (value: number) => string): Cell {
  return value === null || !Number.isFinite(value) ? { body: NONE } : { body: format(value), sort: value };
}
