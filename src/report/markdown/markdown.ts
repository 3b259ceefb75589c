import type { Estimate } from "../data/run-data.ts";
import { short, visible } from "../markup/visible.ts";
import { fixed, NONE, range } from "../text/number.ts";

/** Markdown that may go into a document as it is. Only the functions of this file make it. */
export class Markdown {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Makes text inert: characters of Markdown and HTML are escaped, line breaks become spaces, and a person's name after an at
 * sign is not called on a code host.
 */
export function plain(text: string): Markdown {
  const escaped = oneLine(text)
    .replace(/[\\`*_[\]<|~$]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/@/g, "@\u2060")
    // A list, a heading, a quotation, a rule or the line below a heading, at the begin.
    .replace(/^(\s*)(?=([-+=]+|#+)(\s|$)|>)/, "$1\\")
    .replace(/^(\s*\d+)(?=[.)](\s|$))/, "$1\\");
  return new Markdown(escaped);
}

/** Shows a name as code, cut at 80 characters. */
export function code(text: string): Markdown {
  const line = oneLine(short(text, 80)).trim();
  if (line === "") return new Markdown("");
  // A code span ends at the first run of backticks that is as long as its fence. A bar would end a table cell.
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const room = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return new Markdown(`${fence}${room}${line.replaceAll("|", "\\|")}${room}${fence}`);
}

/** Sets text in bold. */
export function bold(text: string): Markdown {
  return new Markdown(`**${plain(text).text}**`);
}

/** A column of a table: its heading, and whether it holds numbers. */
export interface MarkdownColumn {
  readonly name: string;
  readonly numeric: boolean;
}

/** Builds a table; strings in it are data and made inert. */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly (string | Markdown)[])[],
): Markdown {
  const lines = [
    columns.map(({ name }) => plain(name).text),
    columns.map(({ numeric }) => (numeric ? "---:" : "---")),
    ...rows.map((cells) => cells.map((cell) => (cell instanceof Markdown ? cell.text : plain(cell).text))),
  ];
  return new Markdown(lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
}

/** Builds a document of blocks with an empty line between them. */
export function markdownDocument(blocks: readonly Markdown[]): string {
  return `${blocks
    .map(({ text }) => text)
    .filter((text) => text !== "")
    .join("\n\n")}\n`;
}

/** Builds a heading of the given level. */
export function heading(level: 1 | 2 | 3, text: string): Markdown {
  return new Markdown(`${"#".repeat(level)} ${plain(text).text}`);
}

/** Builds a list. */
export function bullets(items: readonly (string | Markdown)[]): Markdown {
  return new Markdown(items.map((item) => `- ${item instanceof Markdown ? item.text : plain(item).text}`).join("\n"));
}

function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, " "));
}

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
