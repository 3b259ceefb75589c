import { isRecord } from "../../files/json-shape.ts";

const WORD_START = "▁";

/**
 * Makes the function that splits a text before each word, which begins with `start`: "▁", or the space that the model will write as "▁".
 * It does not split behind a character that a token has before a "▁": no other merge can join the text on both sides.
 */
export function createWordSplitter(tokens: Iterable<string>, start: "▁" | " "): (text: string) => readonly string[] {
  const joined = new Set<number>();
  for (const token of tokens) {
    for (let at = token.indexOf(WORD_START, 1); at > 0; at = token.indexOf(WORD_START, at + 1)) {
      joined.add(token.charCodeAt(at - 1));
    }
  }
  if (joined.has(WORD_START.charCodeAt(0))) joined.add(start.charCodeAt(0));
  return (text) => {
    const words: string[] = [];
    let begin = 0;
    for (let at = text.indexOf(start, 1); at > 0; at = text.indexOf(start, at + 1)) {
      if (joined.has(text.charCodeAt(at - 1))) continue;
      words.push(text.slice(begin, at));
      begin = at;
    }
    words.push(text.slice(begin));
    return words;
  };
}

/** Decides whether a normaliser of tokenizer.json only writes each space as "▁", so that a text may be split before it is normalised. */
export function onlyWritesSpaces(normalizer: unknown): boolean {
  if (!isRecord(normalizer)) return false;
  const { type, pattern, content } = normalizer;
  return type === "Replace" && isSpace(pattern) && content === WORD_START;
}

/** Decides whether a step of a pre-tokenizer splits at spaces alone, which does nothing where they were written as "▁". */
export function splitsAtSpaces(step: unknown): boolean {
  if (!isRecord(step)) return false;
  const { type, pattern, invert } = step;
  return type === "Split" && isSpace(pattern) && invert !== true;
}

function isSpace(pattern: unknown): boolean {
  return isRecord(pattern) && pattern["String"] === " ";
}
