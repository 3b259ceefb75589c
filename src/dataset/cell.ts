import { createHash } from "node:crypto";
import type { Turn } from "../types.ts";

/** A cell with text: its turns, and the form in which they were written. */
export interface TextCell {
  readonly turns: readonly Turn[];
  /**
   * list: a JSON list of strings and nulls. text: one turn of plain text. broken-list: plain text that begins like a
   * JSON list.
   */
  readonly form: "list" | "text" | "broken-list";
}

/**
 * Reads a cell with text. A JSON list of strings and nulls contains one turn in each element. Any other text is one
 * turn, unchanged, even if it is JSON, because `true`, `3` or `{"a": 1}` may be an answer. Never throws.
 */
export function readCell(text: string): TextCell {
  if (!BEGINS_LIKE_LIST.test(text)) return { turns: [text], form: "text" };
  try {
    const value: unknown = JSON.parse(text);
    if (isTurns(value)) return { turns: value, form: "list" };
  } catch {
    // The text is not JSON, so it is plain text.
  }
  return { turns: [text], form: "broken-list" };
}

// The white space that JSON allows; \s would match more characters.
const BEGINS_LIKE_LIST = /^[ \t\r\n]*\[/;

function isTurns(value: unknown): value is Turn[] {
  return Array.isArray(value) && value.every((turn) => turn === null || typeof turn === "string");
}

/**
 * Computes a short value that represents a text's turns (SHA-256 in base64), so that the values of 250,000 rows fit in
 * memory.
 */
export function fingerprint(turns: readonly Turn[]): string {
  // JSON separates the turns and writes lone surrogates as escapes, so two different lists of turns never give the same
  // bytes.
  return createHash("sha256").update(JSON.stringify(turns), "utf8").digest("base64");
}

/** Reads a decimal number, with or without exponent. Gives NaN for anything else: an empty cell, "NaN", "0x10", "1,5". */
export function readDecimal(text: string): number {
  return DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
