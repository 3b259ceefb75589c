/** True for a JSON object: neither a list nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a mapping with `value` at a path of keys; mappings on the way are copied, and made where there are none. */
export function setAt(
  before: unknown,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const mapping = isRecord(before) ? before : {};
  return { ...mapping, [key]: rest.length === 0 ? value : setAt(mapping[key], rest, value) };
}

/** The depth of nesting and the number of values of a JSON text. */
export interface JsonShape {
  readonly depth: number;
  readonly values: number;
}

/** True for a text that is nested more deeply, or has more values, than `most` says. */
export function exceeds(text: string, most: JsonShape): boolean {
  const { depth, values } = shapeOf(text, most);
  return depth > most.depth || values > most.values;
}

/**
 * Counts the brackets and commas outside strings, without building anything. Stops when a limit of `most` is passed. The text need
 * not be JSON.
 */
export function shapeOf(text: string, most: JsonShape): JsonShape {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  for (let i = 0; i < text.length && deepest <= most.depth && values <= most.values; i += 1) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        values += 1;
        deepest = Math.max(deepest, depth);
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
    }
  }
  return { depth: deepest, values };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Finds the quotation mark that ends the string whose first mark is at `start`; the end of the text when none does. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i += 1;
    else if (code === QUOTE) return i;
  }
  return text.length;
}
