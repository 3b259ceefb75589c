import type { Cell, Table } from "../tables/table.ts";
import { visible } from "./visible.ts";

/** Markdown that can be put into a document without escaping. Only the functions of this file make it. */
export class Markdown {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Makes text without effect in Markdown: escapes the special characters of Markdown and HTML, and turns line breaks
 * into spaces. A name after an at sign then sends no notification on a code host.
 */
export function plain(text: string): Markdown {
  const escaped = oneLine(text)
    .replace(/[\\`*_[\]<|~$]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/@/g, "@\u2060")
    // Matches a text that would begin a list, a heading, a quotation or a rule, or would turn the line above it into a
    // heading.
    .replace(/^(\s*)(?=([-+=]+|#+)(\s|$)|>)/, "$1\\")
    .replace(/^(\s*\d+)(?=[.)](\s|$))/, "$1\\");
  return new Markdown(escaped);
}

/** Sets text in bold. */
export function bold(text: string): Markdown {
  return new Markdown(`**${plain(text).text}**`);
}

/** Builds a table below its caption. All text in it is data, so it is escaped. */
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

/** Joins blocks to a document, with an empty line between two blocks. */
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
