import type { AddedToken } from "./control-tokens.ts";
import { escapePattern } from "./escape-pattern.ts";

/** A part of a text: an added token with its id, or the text between added tokens. */
interface Section {
  readonly text: string;
  readonly id: number | null;
}

/**
 * Makes the function that finds added tokens in a text: the leftmost first, and of those that begin at the same place the longest.
 * A token with lstrip or rstrip takes the white space beside it.
 */
export function createAddedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => readonly Section[] {
  const written = new Map(tokens.filter(({ content }) => content !== "").map((token) => [token.content, token]));
  if (written.size === 0) return (text) => [{ text, id: null }];
  const longestFirst = [...written.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapePattern).join("|"), "gu");
  return (text) => {
    const sections: Section[] = [];
    let start = 0;
    // matchAll would copy the pattern for each text, which takes 0.2 ms with the 6,415 tokens of Gemma 3.
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const { 0: content, index } = found;
      const token = written.get(content);
      if (token === undefined || index < start) continue;
      const before = text.slice(start, index);
      sections.push({ text: token.lstrip === true ? before.trimEnd() : before, id: null });
      sections.push({ text: content, id: token.id });
      start = index + content.length;
      if (token.rstrip === true) start = text.length - text.slice(start).trimStart().length;
    }
    sections.push({ text: text.slice(start), id: null });
    return sections.filter((section) => section.text !== "");
  };
}
