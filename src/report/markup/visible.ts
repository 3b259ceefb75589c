/**
 * Replaces characters that hide or reorder text by their code point, for example `‹U+202E›`: control characters,
 * overrides of the writing direction, zero-width spaces, tag characters, lone surrogates, noncharacters. Line breaks,
 * tabs and the joiners that some scripts need are kept.
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => (KEPT.includes(character) ? character : `‹U+${codePoint(character)}›`));
}

/**
 * Escapes in a JSON text the characters that `visible` replaces. JSON has them in strings alone, so the value stays the
 * same.
 */
export function visibleInJson(json: string): string {
  return json.replace(HIDDEN, (character) => (KEPT.includes(character) ? character : escapeUnits(character)));
}

/** Shortens text to at most `limit` UTF-16 units, including the ellipsis. Never cuts a surrogate pair. */
export function short(text: string, limit: number): string {
  return text.length <= limit ? text : `${head(text, limit - 1)}…`;
}

/**
 * Returns the first `limit` UTF-16 units of a text, or one less when the last unit would be half of a surrogate pair.
 */
export function head(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

const KEPT = "\t\n\r";

// Matches control characters; bidirectional embeddings, overrides and isolates; invisible spaces and operators; the
// byte order mark; tag characters; lone surrogates; noncharacters.
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202A-\u202E\u2066-\u2069\u200B\u2060-\u2064\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
