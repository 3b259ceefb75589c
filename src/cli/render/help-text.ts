import { type Command, Help } from "commander";
import { wrapText } from "./wrap.ts";

/** A command line that works as printed, and what it is for when the line does not say it. */
export type Example = string | readonly [line: string, meaning: string];

/** Least and greatest width of help (characters). Longer lines are hard to read; shorter ones hold no command line. */
const NARROWEST = 40;
const WIDEST = 100;
/** Least width of the column of meanings beside the terms. */
const LEAST_MEANING = 32;

/** The width of help on a terminal with so many columns; null: no terminal. */
export function helpWidth(columns: number | null): number {
  return Math.min(WIDEST, Math.max(NARROWEST, columns ?? WIDEST));
}

/** Lays out a term and its meaning in two columns, or below each other when the terminal is narrow. */
export function formatItem(term: string, termWidth: number, meaning: string, helper: Help): string {
  const width = helper.helpWidth ?? WIDEST;
  const left = width - termWidth - 4;
  if (meaning === "") return `  ${term}`;
  const [gap, lines] =
    left >= LEAST_MEANING
      ? [`  ${term.padEnd(termWidth)}  `, helper.boxWrap(meaning, left)]
      : [`  ${term}\n      `, helper.boxWrap(meaning, width - 6)];
  const indent = " ".repeat(left >= LEAST_MEANING ? termWidth + 4 : 6);
  return `${gap}${lines.replaceAll("\n", `\n${indent}`)}`;
}

/** Makes the examples behind the help of a command, for `addHelpText`. */
export function examples(list: readonly Example[]): (help: { readonly command: Command }) => string {
  const items = list.map((example) => (typeof example === "string" ? ([example, ""] as const) : example));
  return ({ command }) => `\n${list.length === 1 ? "Example" : "Examples"}:\n${renderItems(command, items)}`;
}

/** Makes a heading, wrapped, with terms and their meanings below it, for `addHelpText`. */
export function helpSection(
  heading: string,
  items: readonly (readonly [term: string, meaning: string])[],
): (help: { readonly command: Command }) => string {
  return ({ command }) => {
    const width = command.configureOutput().getOutHelpWidth?.() ?? WIDEST;
    return `\n${new Help().boxWrap(heading, width)}\n${renderItems(command, items)}`;
  };
}

/** Renders terms with their meanings for the width of the terminal. */
export function renderItems(command: Command, items: readonly (readonly [term: string, meaning: string])[]): string {
  const helper = new Help();
  helper.minWidthToWrap = LEAST_MEANING;
  helper.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? WIDEST });
  const longest = Math.max(0, ...items.map(([term, meaning]) => (meaning === "" ? 0 : term.length)));
  return items.map(([term, meaning]) => formatItem(term, longest, meaning, helper)).join("\n");
}

/**
 * Wraps the lines of a list "name  text" for a terminal with so many columns, with the texts below each other; an indented line keeps
 * its indent. A line that fits, and one with the command that continues, which is copied as a whole, stay as they are. Other commands,
 * quoted texts and paths are not broken either, see `wrapText`. Null: no terminal.
 */
export function wrapFields(lines: readonly string[], columns: number | null): string {
  if (columns === null) return lines.join("\n");
  return lines
    .map((line) => {
      if (line.length <= columns || IN_ONE_PIECE.test(line)) return line;
      const indent = /^\w* {2,}/.exec(line)?.[0].length ?? 0;
      const hanging = " ".repeat(indent);
      const wrapped = wrapText(line.slice(indent), Math.max(10, columns - indent));
      return line.slice(0, indent) + wrapped.replaceAll("\n", `\n${hanging}`);
    })
    .join("\n");
}

const IN_ONE_PIECE = /^to continue\b/;
