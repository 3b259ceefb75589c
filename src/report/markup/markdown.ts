import type { Cell, Table } from "../tables/table.ts";
import { visible } from "./visible.ts";

/** Markdown that may go into a document as it is. Only the functions of this file make it. */
export class Markdown {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Makes text inert: characters of Markdown and HTML are escaped, line breaks become spaces, and a name after
 * an at sign notifies nobody on a code host.
 */
export function plain(text: string): Markdown {
  const escaped = oneLine(text)
    .replace(/[\\`*_[\]<|~$]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/@/g, "@\u2060")
    // The beginning of a list, a heading, a quotation, a rule, or the line below a heading.
    .replace(/^(\s*)(?=([-+=]+|#+)(\s|$)|>)/, "$1\\")
    .replace(/^(\s*\d+)(?=[.)](\s|$))/, "$1\\");
  return new Markdown(escaped);
}

/** Sets text in bold. */
export function bold(text: string): Markdown {
  return new Markdown(`**${plain(text).text}**`);
}

/** Builds a table below its caption; all text in it is data and made inert. */
export function markdownTable({ caption, columns, rows }: Table): Markdown {
  const lines = [
    columns.map(({ name }) => plain(name).text),
    columns.map(({ numeric }) => (numeric ? "---:" : "---")),
    ...rows.map((cells) => cells.map(cellText)),
  ];
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return new Markdown(`${heading(3, caption).text}\n\n${table}`);
}

function cellText({ text, below }: Cell): string {
  return plain(below ? `${text} (${below})` : text).text;
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
export function bullets(items: readonly string[]): Markdown {
  return new Markdown(items.map((item) => `- ${plain(item).text}`).join("\n"));
}

function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, " "));
}
