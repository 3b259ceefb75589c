import { messageOf } from "../../errors.ts";
import { malformed } from "./malformed.ts";

/** The deepest nesting and the largest number of values that abtie parses. Answers of servers have a depth of about 8. */
const MAX_DEPTH = 64;
const MAX_VALUES = 1_000_000;

/**
 * Parses the text of an answer. A text with very many brackets or values is refused before it is parsed, because
 * JSON.parse would hold the thread for seconds and use hundreds of times the memory of the text. Throws
 * RequestError("malformed").
 */
export function parseAnswer(text: string): unknown {
  const shape = measure(text);
  if (shape.depth > MAX_DEPTH) throw malformed(`is nested more than ${MAX_DEPTH} levels deep`, text.slice(0, 100));
  if (shape.values > MAX_VALUES) throw malformed(`holds more than ${MAX_VALUES} values`, text.slice(0, 100));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`is not JSON (${messageOf(error).slice(0, 100)})`, text);
  }
}

/**
 * Counts the brackets and commas outside strings, without building anything. Stops when a limit is passed. The text need
 * not be JSON.
 */
function measure(text: string): { readonly depth: number; readonly values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  for (let i = 0; i < text.length && deepest <= MAX_DEPTH && values <= MAX_VALUES; i += 1) {
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
