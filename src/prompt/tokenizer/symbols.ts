/** Turns a piece of text into the ids of the symbols of which byte-pair encoding makes tokens. */
export type ToSymbols = (piece: string) => readonly number[];

type IdOf = (token: string) => number | undefined;

/** Makes symbols of the bytes of a text in UTF-8; null when a byte has no token. */
export function byteSymbols(idOf: IdOf): ToSymbols | null {
  const ids = allFound(BYTE_CHARACTERS.map(idOf));
  if (ids === null) return null;
  return (piece) => {
    const symbols: number[] = [];
    for (const byte of Buffer.from(piece)) symbols.push(ids[byte] ?? 0);
    return symbols;
  };
}

/**
 * Makes symbols of the characters of a text, and of the bytes of characters that have no token; null when a byte has no
 * token.
 */
export function characterSymbols(idOf: IdOf): ToSymbols | null {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const ids = allFound(bytes.map(idOf));
  if (ids === null) return null;
  return (piece) => {
    const symbols: number[] = [];
    for (const character of piece) {
      const id = idOf(character);
      if (id !== undefined) symbols.push(id);
      else for (const byte of Buffer.from(character)) symbols.push(ids[byte] ?? 0);
    }
    return symbols;
  };
}

/** Writes a text as the vocabulary of a byte-level model does, one character for each byte of UTF-8. */
export function inByteCharacters(text: string): string {
  let written = "";
  for (const byte of Buffer.from(text)) written += BYTE_CHARACTERS[byte] ?? "";
  return written;
}

/**
 * The character that stands for each byte in a byte-level vocabulary, as GPT-2 chose them (bytes_to_unicode in its encoder.py):
 * visible characters of Latin-1 for themselves, and for the others those from U+0100 on.
 */
const BYTE_CHARACTERS: readonly string[] = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(visible ? byte : 0x100 + others++);
  });
})();

function allFound(ids: readonly (number | undefined)[]): readonly number[] | null {
  const found = ids.filter((id) => id !== undefined);
  return found.length === ids.length ? found : null;
}
