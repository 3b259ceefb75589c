import { createHash } from "node:crypto";
import type { Turn } from "../types.ts";
import type { DataCell } from "./sources/source.ts";

/** A message of a conversation, as chat data sets write it. */
export interface DataMessage {
  readonly role: "system" | "user" | "assistant";
  readonly text: Turn;
}

/** The form in which a cell with text was written. */
export type CellForm =
  | "list"
  | "text"
  /** A list of messages with roles. */
  | "messages"
  /** Plain text that begins like a JSON list. */
  | "broken-list"
  /** Plain text that begins like a list as Python or numpy prints it. */
  | "python-list";

/** A cell with text: its turns, or its messages when the cell has roles. */
export type TextCell =
  | { readonly form: Exclude<CellForm, "messages">; readonly turns: readonly Turn[] }
  | { readonly form: "messages"; readonly messages: readonly DataMessage[] };

/**
 * Reads a cell with text. A list of strings and nulls, as JSON text or as a value, contains one turn in each element; a
 * list of objects with role and content contains messages, as does a transcript of Anthropic. Any other text is one turn, unchanged, even if it is JSON,
 * because `true`, `3` or `{"a": 1}` may be an answer. Never throws.
 */
export function readCell(cell: DataCell): TextCell {
  if (typeof cell !== "string") return readValue(cell);
  if (TRANSCRIPT.test(cell)) return { form: "messages", messages: readTranscript(cell) };
  if (!BEGINS_LIKE_LIST.test(cell)) return { turns: [cell], form: PYTHON_ARRAY.test(cell) ? "python-list" : "text" };
  try {
    const known = readList(JSON.parse(cell));
    if (known !== null) return known;
  } catch {
    if (PYTHON_LIST.test(cell)) return { turns: [cell], form: "python-list" };
  }
  return { turns: [cell], form: "broken-list" };
}

/** Anthropic's data sets and those made of them write a conversation as one text, which begins with two line ends. */
const TRANSCRIPT = /^\n\nHuman: /;

function readTranscript(text: string): readonly DataMessage[] {
  const parts = text.split(/\n\n(Human|Assistant):(?: |$)/).slice(1);
  const messages = parts.flatMap((name, at): DataMessage[] =>
    at % 2 === 0 ? [{ role: name === "Human" ? "user" : "assistant", text: parts[at + 1] ?? "" }] : [],
  );
  // A prompt ends where the assistant begins.
  const isOpen = messages.length > 1 && messages.at(-1)?.role === "assistant" && messages.at(-1)?.text?.trim() === "";
  return isOpen ? messages.slice(0, -1) : messages;
}

// The white space that JSON allows; \s would match more characters.
const BEGINS_LIKE_LIST = /^[ \t\r\n]*\[/;
/** Python writes a list of texts with single quotes where it can, and numpy leaves out the commas. */
const PYTHON_LIST = /^\s*\[\s*(?:'|None\b|\{'|"(?:[^"\\]|\\.)*",?\s+')/;
const PYTHON_ARRAY = /^\s*array\(\[/;

function readValue(value: unknown): TextCell {
  if (value === undefined || value === null) return { turns: [null], form: "text" };
  const known = readList(value);
  if (known !== null) return known;
  const message = readMessage(value);
  if (message !== null) return { form: "messages", messages: [message] };
  return { turns: [typeof value === "object" ? JSON.stringify(value) : String(value)], form: "text" };
}

function readList(value: unknown): TextCell | null {
  if (!Array.isArray(value)) return null;
  if (value.every((turn) => turn === null || typeof turn === "string")) return { turns: value, form: "list" };
  const messages = value.map(readMessage);
  return messages.every((message) => message !== null) ? { form: "messages", messages } : null;
}

/** Reads {role, content}, or {from, value} as ShareGPT writes it; null for anything else. */
function readMessage(value: unknown): DataMessage | null {
  if (typeof value !== "object" || value === null) return null;
  const { role, content, from, value: said } = value as Readonly<Record<string, unknown>>;
  const known = ROLES.get(String(role ?? from).toLowerCase());
  const text = textOf(content === undefined ? said : content);
  return known === undefined || text === undefined ? null : { role: known, text };
}

// A map, because the text may be "constructor", which every object has.
const ROLES: ReadonlyMap<string, DataMessage["role"]> = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["human", "user"],
  ["prompter", "user"],
  ["assistant", "assistant"],
  ["gpt", "assistant"],
  ["model", "assistant"],
  ["bot", "assistant"],
]);

/** The text of a message; the texts of a list of parts are joined. */
function textOf(content: unknown): Turn | undefined {
  if (typeof content === "string" || content === null) return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((part: unknown) =>
    typeof part === "object" && part !== null && "text" in part && typeof part.text === "string" ? part.text : "",
  );
  return texts.join("\n");
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

/** Gives a cell as text: null and undefined as the empty text, numbers and truth values as JSON writes them. */
export function cellText(cell: DataCell): string {
  if (typeof cell === "string") return cell;
  return cell === undefined || cell === null ? "" : typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** Reads a decimal number, with or without exponent. Gives NaN for anything else: an empty cell, "NaN", "0x10", "1,5". */
export function readDecimal(cell: DataCell): number {
  const text = cellText(cell).trim();
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
