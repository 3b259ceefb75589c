import { head, visible } from "../report/markup/visible.ts";
import type { Redact } from "../secrets/redactor.ts";

/** Longest line (UTF-16 units) of a message. A server's page or a cell may have lines of any length. */
const LONGEST_LINE = 2_000;

/**
 * Makes a text harmless for a terminal. All text that a command prints goes through this function, because a header, a
 * file name, a server or the environment may contain characters that move the cursor, hide text or reorder it. These
 * characters are shown by their code point, for example `‹U+001B›`; colours that a log contains are removed. Line
 * breaks and tabs stay.
 */
export function terminalSafe(text: string): string {
  return visible(text.replace(COLOUR, "").replaceAll("\r\n", "\n")).replaceAll("\r", "‹U+000D›");
}

/** Makes a message for a person: without secrets, harmless for a terminal, and without endless lines. */
export function messageText(text: string, redact: Redact): string {
  // Secrets are removed first: a cut or an inserted code point could leave a part of one.
  return terminalSafe(redact(text)).split("\n").map(shortenLine).join("\n");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with the escape character
const COLOUR = /\u001b\[[\d;]{0,30}m/g;

function shortenLine(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  return `${head(line, LONGEST_LINE)}… (${line.length - LONGEST_LINE} characters more)`;
}
