import { createHash } from "node:crypto";
import type { Turn } from "../types.ts";

/** A text cell: its turns, and the form in which they were written. */
export interface TextCell {
  readonly turns: readonly Turn[];
  /** list: a JSON list of strings and nulls. text: one turn of plain text. broken-list: plain text that begins like a list. */
  readonly form: "list" | "text" | "broken-list";
}

/**
 * Reads a text cell. A JSON list of strings and nulls gives its turns. Everything else is one turn of plain text, unchanged;
 * so is JSON of another shape, since `true`, `3` or `{"a": 1}` may be an answer. Never throws.
 */
export function readCell(text: string): TextCell {
  if (!BEGINS_LIKE_LIST.test(text)) return { turns: [text], form: "text" };
  try {
    const value: unknown = JSON.parse(text);
    if (isTurns(value)) return { turns: value, form: "list" };
  } catch {
    // Not JSON: plain text.
  }
  return { turns: [text], form: "broken-list" };
}

// The white space of JSON: \s would accept more.
const BEGINS_LIKE_LIST = /^[ \t\r\n]*\[/;

function isTurns(value: unknown): value is Turn[] {
  return Array.isArray(value) && value.every((turn) => turn === null || typeof turn === "string");
}

/** Computes a short stand-in for a text's turns (SHA-256 in base64), so that those of 250,000 rows fit in memory. */
export function fingerprint(turns: readonly Turn[]): string {
  // JSON keeps turns apart and writes lone surrogates as escapes, so no two texts have the same bytes.
  return createHash("sha256").update(JSON.stringify(turns), "utf8").digest("base64");
}

/** Reads a decimal number, with or without exponent. Gives NaN for anything else: an empty cell, "NaN", "0x10", "1,5". */
export function readDecimal(text: string): number {
  return DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
