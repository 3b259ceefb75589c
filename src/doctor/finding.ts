import { AbtieError } from "../errors.ts";

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly text: string;
  /** The remedy; null when none is needed or the text has it. */
  readonly remedy: string | null;
}

/** Creates the finding that nothing is wrong. */
export function ok(check: string, text: string): Finding {
  return { check, level: "ok", text, remedy: null };
}

/** Creates the finding of something that may cost time or quality. */
export function warning(check: string, text: string, remedy: string): Finding {
  return { check, level: "warning", text, remedy };
}

/** Creates the finding of something that would make a run fail. */
export function error(check: string, text: string, remedy: string): Finding {
  return { check, level: "error", text, remedy };
}

/** Turns the AbtieError of a check into a finding, whose text has the remedy; throws any other error again. */
export function fromError(check: string, cause: unknown): Finding {
  if (!(cause instanceof AbtieError)) throw cause;
  return { check, level: "error", text: [cause.message, ...cause.details].join("\n"), remedy: null };
}
