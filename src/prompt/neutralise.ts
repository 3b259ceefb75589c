/** A text without control tokens, and the number of control tokens that were broken up in it. */
export interface Neutral {
  readonly text: string;
  readonly count: number;
}

/**
 * Creates the function that neutralises control tokens in a text of the data, so that no such text can end the user's
 * turn. It puts a space behind the first character of each occurrence, so that the words stay readable. Lone surrogates
 * become U+FFFD, because tokenizers and servers handle them differently. Applying the function a second time changes
 * nothing more.
 *
 * `normalise` rewrites a text as the tokenizer does, for models that search for control tokens only after rewriting the
 * text.
 */
export function createNeutraliser(
  controlTokens: readonly string[],
  normalise: ((text: string) => string) | null,
): (text: string) => Neutral {
  const tokens = [...new Set([...controlTokens, ...(normalise === null ? [] : controlTokens.map(normalise))])].filter(
    (token) => token !== "",
  );
  if (tokens.length === 0) return (text) => ({ text: text.toWellFormed(), count: 0 });
  const pattern = new RegExp(tokens.map(escapePattern).join("|"), "gu");
  const beginnings = properPrefixes(tokens);
  const longest = Math.max(...tokens.map((token) => token.length)) - 1;

  return (input) => {
    const plain = breakAll(input.toWellFormed(), pattern);
    const rewritten = normalise === null ? plain : breakRewritten(plain, pattern, normalise);
    return { text: closeEnd(rewritten.text, beginnings, longest), count: rewritten.count };
  };
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function properPrefixes(tokens: readonly string[]): ReadonlySet<string> {
  return new Set(tokens.flatMap((token) => Array.from({ length: token.length - 1 }, (_, i) => token.slice(0, i + 1))));
}

// Repeats, because breaking one occurrence can expose another one that overlapped it. The loop ends, because each round
// only adds spaces.
function breakAll(input: string, pattern: RegExp): Neutral {
  let text = input;
  let count = 0;
  for (;;) {
    let found = 0;
    text = text.replace(pattern, (token) => {
      found++;
      const first = String.fromCodePoint(token.codePointAt(0) ?? 0x20);
      return token.length === first.length ? " " : `${first} ${token.slice(first.length)}`;
    });
    if (found === 0) return { text, count };
    count += found;
  }
}

function breakRewritten(plain: Neutral, pattern: RegExp, normalise: (text: string) => string): Neutral {
  const seen = breakAll(normalise(plain.text), pattern);
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
