import type { Cell, Table } from "../../report/tables/table.ts";

/**
 * Lays out a table of a report: one line for each row, with intervals in brackets after their number and no second text
 * after row names.
 */
export function tableLines({ columns, rows }: Table): string {
  const lines = rows.map(([name, ...cells]) => [name?.text ?? "", ...cells.map(cellText)]);
  return columnLines([columns.map(({ name }) => name), ...lines]);
}

/**
 * Lays out several tables with the same rows as one table with one column for each row and one line for each column.
 */
export function transposedLines(tables: readonly Table[]): string {
  const [first] = tables;
  const names = first?.rows.map(([name]) => name?.text ?? "") ?? [];
  const lines = tables.flatMap(({ columns, rows }) =>
    columns.slice(1).map(({ name }, index) => [name, ...rows.map((cells) => cellText(cells[index + 1]))]),
  );
  return columnLines([["", ...names], ...lines]);
}

/** Lays out lines of cells: the first column is aligned at the left, the others at the right. */
export function columnLines(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const pad = (cell: string, index: number): string =>
    index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0);
  return lines.map((line) => line.map(pad).join("   ").trimEnd()).join("\n");
}

/** Replaces the typographic characters of the page by characters that every terminal and every script can read. */
export function terminalText(text: string): string {
  return text.replaceAll("\u00a0", " ").replaceAll("\u2212", "-").replaceAll("–", "-");
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  return cell.below ? `${cell.text} (${cell.below})` : cell.text;
}
