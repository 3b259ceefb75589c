import { messageOf } from "../../errors.ts";
import { shapeOf } from "../../files/json-shape.ts";
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
  const shape = shapeOf(text, { depth: MAX_DEPTH, values: MAX_VALUES });
  if (shape.depth > MAX_DEPTH) throw malformed(`is nested more than ${MAX_DEPTH} levels deep`, text.slice(0, 100));
  if (shape.values > MAX_VALUES) throw malformed(`holds more than ${MAX_VALUES} values`, text.slice(0, 100));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`is not JSON (${messageOf(error).slice(0, 100)})`, text);
  }
}
