/** Lays out lines of cells as a table: the first column to the left, the others to the right; each line is indented. */
export function columns(lines: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [place, cell] of line.entries()) widths[place] = Math.max(widths[place] ?? 0, cell.length);
  }
  const pad = (cell: string, place: number): string =>
    place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0);
  return lines.map((line) => `${indent}${line.map(pad).join("   ")}`.trimEnd()).join("\n");
}
