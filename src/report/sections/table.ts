import type { Estimate, Scores } from "../data/run-data.ts";
import { type Hole, type Html, html } from "../markup/html.ts";
import { count, fixed, NONE, percent, range } from "../text/number.ts";

/** A column: its heading and whether it holds numbers, which stand at the right. */
export interface Column {
  readonly name: string;
  readonly numeric: boolean;
  /** What the column means, where its name does not say. */
  readonly hint?: string;
}

/** A cell: what is shown, and the value that it sorts by when that is not the text. */
export interface Cell {
  readonly body: Hole;
  readonly sort?: number | string | null;
  readonly kind?: string;
}

/** Builds a table whose rows the reader can sort by any column. The first column names the row. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="sortable"><caption>${caption}</caption>
<thead><tr>${columns.map(({ name, numeric, hint }) => html`<th scope="col" class="${numeric ? "n" : "t"}"${hint ? html` title="${hint}"` : null}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, index) => one(cell, columns[index], index === 0))}</tr>\n`)}</tbody></table></div>`;
}

function one({ body, sort, kind }: Cell, column: Column | undefined, head: boolean): Html {
  const classes = [column?.numeric ? "n" : "t", ...(kind ? [kind] : [])].join(" ");
  const sortable = typeof sort === "string" || (typeof sort === "number" && Number.isFinite(sort));
  const value = sortable && html` data-v="${sort}"`;
  return head
    ? html`<th scope="row" class="${classes}"${value}>${body}</th>`
    : html`<td class="${classes}"${value}>${body}</td>`;
}

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
