/**
 * Breaks a text into lines of at most `width` UTF-16 units, at its spaces alone. What a person copies stays in one piece, although it
 * may be longer than a line: quoted text, a path with spaces, flags with their values, and a command behind a colon.
 */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  for (const piece of piecesOf(text)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + piece.length <= width) lines[lines.length - 1] = last + piece;
    else lines.push(last === undefined ? piece : piece.trimStart());
  }
  return lines.join("\n");
}

/** Cuts a text before the spaces at which it may be broken. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let part: Part = "prose";
  let before = ":";
  for (const piece of text.match(PIECE) ?? []) {
    const word = piece.trimStart();
    const isJoined =
      part === "flag" || (part === "value" && FLAG.test(word)) || (part === "command" && !word.startsWith("("));
    if (isJoined) pieces[pieces.length - 1] += piece;
    else pieces.push(piece);
    part = partOf(word, isJoined ? part : "prose", before);
    before = word;
  }
  return pieces;
}

/** What a word is in a sentence: a word of a command, a flag, the value behind it, or neither. */
type Part = "prose" | "command" | "flag" | "value";

function partOf(word: string, joinedTo: Part, before: string): Part {
  if (/[,;:.)]$/.test(word)) return "prose";
  if (joinedTo === "command" || (PROGRAM.test(word) && (word.startsWith("(") || before.endsWith(":"))))
    return "command";
  if (FLAG.test(word)) return word.includes("=") ? "value" : "flag";
  return joinedTo === "flag" ? "value" : "prose";
}

/** The programs whose commands the messages of abtie show. */
const PROGRAM = /^\(?(?:abtie|apt|git|iconv)$/;

const FLAG = /^--?[A-Za-z]/;

/** Quoted text that a shell, JSON or Markdown reads as one; an apostrophe in a word opens none. */
const QUOTED = /(?<![\p{L}\p{N}])(?:'(?:[^']|'\\'')*'|"(?:\\.|[^"\\])*"|`[^`]*`)/u.source;

/** A path with spaces: up to four words that lead to a further slash, or to the ending of a file. */
const PATH =
  /(?<![^\s"'(])(?:~|\.{1,2})?\/[^\s,:;]*(?:(?: [^\s/,:;]+){0,3} [^\s/,:;]*(?:\/[^\s,:;]*|\.[a-z]\w{0,6}(?![^\s,:;.)])))+/
    .source;

/** A word with the spaces before it. */
const PIECE = new RegExp(String.raw`\s*(?:${PATH}|${QUOTED}|\S)+`, "gu");
