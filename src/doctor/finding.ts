import { AbtieError } from "../errors.ts";

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly text: string;
  /** The remedy; null when no remedy is needed or the text contains it. */
  readonly remedy: string | null;
}

/** Creates a finding that reports no problem. */
export function ok(check: string, text: string): Finding {
  return { check, level: "ok", text, remedy: null };
}

/** Creates a finding about a problem that may cost time or quality. */
export function warning(check: string, text: string, remedy: string): Finding {
  return { check, level: "warning", text, remedy };
}

/** Creates a finding about a problem that would make a run fail. */
export function error(check: string, text: string, remedy: string): Finding {
  return { check, level: "error", text, remedy };
}

/**
 * Turns an AbtieError, which a check threw, into a finding; its text contains the remedy. Throws any other error again.
 */
export function fromError(check: string, cause: unknown): Finding {
  if (!(cause instanceof AbtieError)) throw cause;
  return { check, level: "error", text: [cause.message, ...cause.details].join("\n"), remedy: null };
}
