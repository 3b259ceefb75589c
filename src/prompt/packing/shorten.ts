/** Counts the tokens of a single text, without a template around it. */
export type CountTokens = (text: string) => Promise<number>;

/** A text of the data with its number of tokens. Of a very long text, only both ends were tokenised. */
export interface Piece {
  readonly text: string;
  /** Number of tokens of the whole text; if the text is very long, it is estimated from the ends. */
  readonly tokens: number;
  readonly head: Part;
  readonly tail: Part;
}

/** A part of a text with its number of tokens. */
interface Part {
  readonly text: string;
  readonly tokens: number;
}

/**
 * Counts the tokens of a text. For a text with more than `limit` characters, it tokenises only as much of both ends as
 * a prompt of `budget` tokens could contain. Such a text always counts as longer than the budget, so that it is
 * shortened.
 */
export async function measurePiece(
  text: string,
  limit: number,
  budget: number,
  countTokens: CountTokens,
): Promise<Piece> {
  if (text.length <= limit) {
    const part = { text, tokens: await countTokens(text) };
    return { text, tokens: part.tokens, head: part, tail: part };
  }
  const head = await readEnd(text, limit / 4, budget / 2, countTokens, headOf);
  const tail = await readEnd(text, limit / 4, budget / 2, countTokens, tailOf);
  const perCharacter = (head.tokens + tail.tokens) / (head.text.length + tail.text.length);
  return { text, tokens: Math.max(budget + 1, Math.ceil(perCharacter * text.length)), head, tail };
}

// The number of characters per token differs much between languages, and a quarter of the characters is often enough.
async function readEnd(text: string, limit: number, enough: number, countTokens: CountTokens, end: End): Promise<Part> {
  const some = end(text, Math.ceil(limit / 4));
  const part = { text: some, tokens: await countTokens(some) };
  if (part.tokens >= enough) return part;
  const more = end(text, Math.ceil(limit));
  return { text: more, tokens: await countTokens(more) };
}

/**
 * Shortens a piece to about `cap` tokens. Keeps its head and its tail, about half of the tokens each, with a marker
 * between them that contains the number of cut tokens. If there is no room for a marker, keeps only the head. Never
 * cuts a surrogate pair.
 */
export async function shorten(piece: Piece, cap: number, countTokens: CountTokens): Promise<string> {
  if (piece.tokens <= cap) return piece.text;
  const kept = cap - (await countTokens(snip(piece.tokens)));
  if (kept < 2) return (await cut(piece.head, Math.max(0, cap), countTokens, headOf)).text;
  const head = await cut(piece.head, Math.ceil(kept / 2), countTokens, headOf);
  const tail = await cut(piece.tail, Math.floor(kept / 2), countTokens, tailOf);
  return `${head.text}${snip(Math.max(1, piece.tokens - head.tokens - tail.tokens))}${tail.text}`;
}

function snip(tokens: number): string {
  return ` (snip ${tokens} tokens) `;
}

type End = (text: string, characters: number) => string;

const headOf: End = (text, characters) => text.slice(0, boundary(text, characters));
const tailOf: End = (text, characters) => text.slice(boundary(text, text.length - characters));

// Returns the index, or the start of the surrogate pair if the index is inside one.
function boundary(text: string, position: number): number {
  const before = text.charCodeAt(position - 1);
  const after = text.charCodeAt(position);
  const inside = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  return inside ? position - 1 : position;
}

/** Number of trials after which any cut that is not too long is accepted. The search usually needs three. */
const MOST_TRIALS = 8;

/**
 * Finds the longest part, or nearly the longest, at one end of a text that has at most `count` tokens. Interpolates,
 * because tokens are spread almost evenly over a text, and therefore encodes little more than the part that it returns.
 */
async function cut(part: Part, count: number, countTokens: CountTokens, end: End): Promise<Part> {
  if (part.tokens <= count) return part;
  let low: Part = { text: "", tokens: 0 };
  let high = part;
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    const span = high.text.length - low.text.length;
    const share = (count - low.tokens) / Math.max(1, high.tokens - low.tokens);
    const characters = low.text.length + Math.min(span - 1, Math.max(1, Math.floor(span * share)));
    const text = end(part.text, characters);
    if (text.length <= low.text.length || text.length >= high.text.length) break;
    const found = { text, tokens: await countTokens(text) };
    if (found.tokens > count) high = found;
    else low = found;
    if (found.tokens <= count && count - found.tokens <= count * 0.02) break;
  }
  return low;
}
