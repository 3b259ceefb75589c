import { type Hole, type Html, html } from "../html.ts";

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
