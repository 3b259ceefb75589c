import { messageOf } from "../../errors.ts";
import { parseJinja } from "./library.ts";
import { plainWords } from "./plain-words.ts";

/**
 * An error in a template: its line in the text, counted from 1, and its description; null when the parser's message
 * describes it well.
 */
export interface SyntaxProblem {
  readonly line: number;
  readonly problem: string | null;
}

/**
 * Finds the line in which a Jinja text has a syntax error, because the parser's error contains no position. Parses each
 * tag alone, and matches the start of each block with its end. Null when every part is correct by itself.
 */
export function findSyntaxProblem(source: string): SyntaxProblem | null {
  const open: { readonly name: string; readonly line: number }[] = [];
  const opening = /\{[{%#]/g;
  let line = 1;
  let counted = 0;
  for (let match = opening.exec(source); match !== null; match = opening.exec(source)) {
    line += countLineBreaks(source.slice(counted, match.index));
    counted = match.index;
    const closing = CLOSING[match[0]] ?? "";
    const end = source.indexOf(closing, match.index + 2);
    if (end < 0) return { line, problem: `"${match[0]}" is never closed with "${closing}"` };
    const tag = source.slice(match.index, end + 2);
    opening.lastIndex = end + 2;
    if (match[0] === "{#") continue;
    const problem = match[0] === "{{" ? explain(tag, tag) : checkStatement(tag, line, open);
    if (problem !== null) return { line, problem };
  }
  const last = open.at(-1);
  return last === undefined
    ? null
    : { line: last.line, problem: `"${last.name}" is never ended with "end${last.name}"` };
}

const CLOSING: Readonly<Record<string, string>> = { "{{": "}}", "{%": "%}", "{#": "#}" };

const BLOCKS: ReadonlySet<string> = new Set(["if", "for", "macro", "call", "filter", "set"]);

/** Describes the error of one `{% ... %}` tag; null when the tag is correct. Updates the list of open blocks. */
function checkStatement(
  tag: string,
  line: number,
  open: { readonly name: string; readonly line: number }[],
): string | null {
  const name = /^\{%-?\s*(\w*)/.exec(tag)?.[1] ?? "";
  const current = open.at(-1)?.name;
  if (name.startsWith("end")) {
    open.pop();
    const expected = current === undefined ? "no block is open here" : `expected "end${current}"`;
    return name === `end${current}` ? null : `unexpected "${name}": ${expected}`;
  }
  if (name === "else" || name === "elif") {
    const fits = current === "if" || (current === "for" && name === "else");
    if (!fits) return `unexpected "${name}" outside of a block that can have one`;
    return name === "else" ? null : explain(`{% if true %}${tag}{% endif %}`, tag);
  }
  if (!BLOCKS.has(name) || (name === "set" && tag.includes("="))) return explain(tag, tag);
  open.push({ name, line });
  return explain(`${tag}{% end${name} %}`, tag);
}

function explain(source: string, tag: string): string | null {
  try {
    parseJinja(source);
    return null;
  } catch (error) {
    return `${tag} is not Jinja (${plainWords(messageOf(error))})`;
  }
}

/** Computes the line of a position in a text, counted from 1. */
export function lineAt(text: string, position: number): number {
  return 1 + countLineBreaks(text.slice(0, position));
}

function countLineBreaks(text: string): number {
  return text.split("\n").length - 1;
}
