import { escapePattern } from "./tokenizer/escape-pattern.ts";
import type { ControlTokens, TurnMarker } from "./tokenizer/tokenizer.ts";

/** A text without control tokens, and the number of control tokens that were broken up in it. */
export interface Neutral {
  readonly text: string;
  readonly count: number;
}

/**
 * Creates the function that neutralises control tokens in a text of the data, so that no such text can end the user's
 * turn. It puts a space behind the first character of each occurrence, so that the words stay readable. Turn markers of
 * plain words are broken up in the same way where the chat template could have written them: at the start of a line, or
 * behind a space if the template writes them so. Everywhere else they stay, because honest texts contain these words.
 * Lone surrogates become U+FFFD, because tokenizers and servers handle them differently. Applying the function a second
 * time changes nothing more.
 */
export function createNeutraliser({
  texts,
  markers,
  normalise,
}: Pick<ControlTokens, "texts" | "markers" | "normalise">): (text: string) => Neutral {
  const tokens = [...new Set([...texts, ...(normalise === null ? [] : texts.map(normalise))])].filter(
    (token) => token !== "",
  );
  const inline = new Map(markers.filter(({ text }) => !tokens.includes(text)).map((marker) => [marker.text, marker]));
  const searched = [...tokens, ...inline.keys()];
  if (searched.length === 0) return (text) => ({ text: text.toWellFormed(), count: 0 });
  const find: Finder = {
    // The longest text first, because a marker may be the beginning of another.
    pattern: new RegExp(
      searched
        .toSorted((x, y) => y.length - x.length)
        .map(escapePattern)
        .join("|"),
      "gu",
    ),
    breaks: (found, text, at) => {
      const marker = inline.get(found);
      return marker === undefined || beginsTurn(marker, text, at);
    },
  };
  const beginnings = properPrefixes(tokens);
  const longest = Math.max(0, ...tokens.map((token) => token.length)) - 1;
  const lastCharacters = new Set([...beginnings].map((beginning) => beginning.slice(-1)));

  return (input) => {
    const plain = breakAll(input.toWellFormed(), find);
    const rewritten = normalise === null ? plain : breakRewritten(plain, find, normalise);
    const { text, count } = rewritten;
    return { text: lastCharacters.has(text.slice(-1)) ? closeEnd(text, beginnings, longest) : text, count };
  };
}

/** What is searched for, and whether an occurrence at a position must be broken up. */
interface Finder {
  readonly pattern: RegExp;
  readonly breaks: (found: string, text: string, at: number) => boolean;
}

function beginsTurn({ text: marker, inline }: TurnMarker, text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  const begins = line.trim() === "" || (inline && /\s$/u.test(line));
  // A marker that is a mere word, such as "assistant", stands alone in its line.
  const mereWord = /^[\p{L}\p{N}_]+$/u.test(marker);
  return begins && (!mereWord || /^[^\S\n]*(?:\n|$)/u.test(text.slice(at + marker.length)));
}

function properPrefixes(tokens: readonly string[]): ReadonlySet<string> {
  return new Set(tokens.flatMap((token) => Array.from({ length: token.length - 1 }, (_, i) => token.slice(0, i + 1))));
}

// Repeats, because breaking one occurrence can expose another one that overlapped it. The loop ends, because each round
// only adds spaces.
function breakAll(input: string, { pattern, breaks }: Finder): Neutral {
  let text = input;
  let count = 0;
  for (;;) {
    let found = 0;
    text = text.replace(pattern, (token, at: number, whole: string) => {
      if (!breaks(token, whole, at)) return token;
      found++;
      const first = String.fromCodePoint(token.codePointAt(0) ?? 0x20);
      return token.length === first.length ? " " : `${first} ${token.slice(first.length)}`;
    });
    if (found === 0) return { text, count };
    count += found;
  }
}

function breakRewritten(plain: Neutral, find: Finder, normalise: (text: string) => string): Neutral {
  const seen = breakAll(normalise(plain.text), find);
  return seen.count === 0 ? plain : { text: seen.text, count: plain.count + seen.count };
}

// A template may place two texts directly one after the other. The end of the first and the start of the second must
// not form a control token.
function closeEnd(text: string, beginnings: ReadonlySet<string>, longest: number): string {
  for (let length = 1; length <= longest && length <= text.length; length++) {
    if (beginnings.has(text.slice(-length))) return `${text} `;
  }
  return text;
}
