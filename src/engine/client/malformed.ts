import { RequestError } from "./request-error.ts";

/** Longest part of an answer in a message, in characters. */
const SHOWN = 300;

/**
 * Builds the error for an answer that arrived but cannot be used. `what` completes the sentence "The answer ...". `part` is
 * the part of the answer that is shown; null: no part is shown.
 */
export function malformed(what: string, part: unknown): RequestError {
  if (part === null) return new RequestError("malformed", `The answer ${what}.`);
  const text = typeof part === "string" ? part : (JSON.stringify(part) ?? String(part));
  return new RequestError(
    "malformed",
    `The answer ${what}: ${text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text}`,
  );
}
