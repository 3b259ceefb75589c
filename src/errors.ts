/** What a failure means to the caller; each code has one exit status. */
export type ErrorCode = "config" | "data" | "engine" | "interrupted";

/** Exit status of the process for each kind of end; the table is in README.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  config: 2,
  data: 3,
  engine: 4,
  fallback: 5,
  interrupted: 130,
} as const satisfies Record<ErrorCode | "done" | "bug" | "fallback", number>;

/**
 * An end that the user can act on. The message names the thing, what was expected, what was found, and what to do.
 * Anything thrown that is not an AbtieError is a bug of abtie.
 */
export class AbtieError extends Error {
  override readonly name = "AbtieError" as const;
  readonly code: ErrorCode;
  /** Further lines, for example the end of a server log or every problem of a config. */
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
  }
}

/** Returns the message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the code of a system error, for example "ENOENT"; null for anything else that was thrown. */
export function systemCode(thrown: unknown): string | null {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : null;
}
