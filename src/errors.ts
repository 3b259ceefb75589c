/** The kind of a failure as the caller sees it. Each code has one exit status. */
export type ErrorCode = "config" | "data" | "engine" | "interrupted";

/** The exit status of the process for each kind of end. README.md lists them, docs/guide/failures.md explains them. */
export const EXIT = {
  done: 0,
  bug: 1,
  config: 2,
  data: 3,
  engine: 4,
  fallback: 5,
  threshold: 6,
  interrupted: 130,
} as const satisfies Record<ErrorCode | "done" | "bug" | "fallback" | "threshold", number>;

/**
 * An end of the program that the user can act on. The message contains the thing, the expectation, the finding and the
 * remedy. Any other error that is thrown is a bug of abtie.
 */
export class AbtieError extends Error {
  override readonly name = "AbtieError" as const;
  readonly code: ErrorCode;
  /** Further lines, for example the end of a server log or a list of all problems of a config. */
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
  }
}

/** Returns the message of an error, or of any other value that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the code of a system error, for example "ENOENT"; null for any other value that was thrown. */
export function systemCode(thrown: unknown): string | null {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : null;
}
