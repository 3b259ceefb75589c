import { type Hole, type Html, html } from "../markup/html.ts";
import type { Cell, Column, Table } from "../tables/table.ts";

/** A cell that consists of markup, for example a picture, and the value by which its row is sorted. */
export interface MarkupCell {
  readonly markup: Html;
  readonly sort?: number | string;
}

/**
 * Builds a table that the reader can sort by any column. Besides the cells of a plain table it may have cells that
 * consist of markup.
 */
export function tableMarkup({
  caption,
  columns,
  rows,
}: Omit<Table, "rows"> & { readonly rows: readonly (readonly (Cell | MarkupCell)[])[] }): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="sortable"><caption>${caption}</caption>
<thead><tr>${columns.map(({ name, numeric, hint }) => html`<th scope="col" class="${numeric ? "n" : "t"}"${hint && html` title="${hint}"`}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, index) => cellMarkup(cell, columns[index], index === 0))}</tr>\n`)}</tbody></table></div>`;
}

function cellMarkup(cell: Cell | MarkupCell, column: Column | undefined, head: boolean): Html {
  const tone = "tone" in cell && cell.tone ? ` ${cell.tone}` : "";
  const classes = `${column?.numeric ? "n" : "t"}${tone}`;
  const sort: Hole = cell.sort !== undefined && html` data-v="${cell.sort}"`;
  const body = "markup" in cell ? cell.markup : html`${cell.text}${cell.below && html`<small>${cell.below}</small>`}`;
  return head
    ? html`<th scope="row" class="${classes}"${sort}>${body}</th>`
    : html`<td class="${classes}"${sort}>${body}</td>`;
}
