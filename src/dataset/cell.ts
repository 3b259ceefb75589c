import type { Turn } from "../types.ts";

/** A text cell as its turns, and in which form it was written. */
export interface Cell {
  readonly turns: readonly Turn[];
  /** "list": a JSON list of strings and nulls. "text": one turn of plain text. "broken-list": plain text that begins like a list. */
  readonly form: "list" | "text" | "broken-list";
}

/**
 * Reads a text cell. A JSON list of strings and nulls gives its turns; everything else is one turn of plain text, unchanged, also
 * JSON of another shape: in plain sets `true`, `3` or `{"a": 1}` are answers. Never throws.
 */
export function readCell(text: string): Cell {
  if (!BEGINS_LIKE_LIST.test(text)) return { turns: [text], form: "text" };
  try {
    const value: unknown = JSON.parse(text);
    if (isTurns(value)) return { turns: value, form: "list" };
  } catch {
    // Not JSON: plain text.
  }
  return { turns: [text], form: "broken-list" };
}

// The white space of JSON, which is less than that of \s.
const BEGINS_LIKE_LIST = /^[ \t\r\n]*\[/;

function isTurns(value: unknown): value is Turn[] {
  return Array.isArray(value) && value.every((turn) => turn === null || typeof turn === "string");
}
