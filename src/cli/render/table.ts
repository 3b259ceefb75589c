import type { Cell, Table } from "../../report/tables/table.ts";

/**
 * Lays out a table of a report: one line for each row, with intervals in brackets after their number and no second text
 * after row names. `columns` is the width of the terminal, as for `columnLines`.
 */
export function tableLines({ columns: headings, rows }: Table, columns: number | null): string {
  const lines = rows.map(([name, ...cells]) => [name?.text ?? "", ...cells.map(cellText)]);
  return columnLines([headings.map(({ name }) => name), ...lines], columns);
}

/**
 * Lays out several tables with the same rows as one table with one column for each row and one line for each column. Where the
 * terminal is too narrow, each row stands in lines of its own.
 */
export function transposedLines(tables: readonly Table[], columns: number | null): string {
  const [first] = tables;
  const rows = (first?.rows ?? []).map(([name], row) => [
    name?.text ?? "",
    ...tables.flatMap(({ columns: headings, rows }) => headings.slice(1).map((_, at) => cellText(rows[row]?.[at + 1]))),
  ]);
  const headings = ["", ...tables.flatMap((table) => table.columns.slice(1).map(({ name }) => name))];
  const lines = alignedLines(headings.map((heading, at) => [heading, ...rows.map((cells) => cells[at] ?? "")]));
  return fits(lines, columns) ? lines.join("\n") : stackedLines(headings, rows);
}

/**
 * Lays out lines of cells, the first of which are headings: the first column is aligned at the left, the others at the right. In a
 * terminal with fewer columns than the lines are long, the cells of each line stand below each other, behind their headings; null:
 * no terminal.
 */
export function columnLines(lines: readonly (readonly string[])[], columns: number | null): string {
  const aligned = alignedLines(lines);
  if (fits(aligned, columns)) return aligned.join("\n");
  const [headings = [], ...rows] = lines;
  return stackedLines(headings, rows);
}

function alignedLines(lines: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const pad = (cell: string, index: number): string =>
    index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0);
  return lines.map((line) => line.map(pad).join("   ").trimEnd());
}

function fits(lines: readonly string[], columns: number | null): boolean {
  return columns === null || lines.every((line) => line.length <= columns);
}

/** Writes the first cell of each row, and below it the others; each stands behind its heading. */
function stackedLines(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const behindHeading = (cell: string, at: number): string => (headings[at] ? `${headings[at]}: ${cell}` : cell);
  return rows
    .map((cells) => cells.map((cell, at) => `${at === 0 ? "" : "  "}${behindHeading(cell, at)}`).join("\n"))
    .join("\n\n");
}

/** Takes the line breaks out of a paragraph that will be wrapped for a terminal with so many columns; null: no terminal. */
export function paragraph(text: string, columns: number | null): string {
  return columns === null ? text : text.replaceAll("\n", " ");
}

/** Replaces the typographic characters of the page by characters that every terminal and every script can read. */
export function terminalText(text: string): string {
  return text.replaceAll("\u00a0", " ").replaceAll("\u2212", "-").replaceAll("–", "-");
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  return cell.below ? `${cell.text} (${cell.below})` : cell.text;
}
