/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly text: string;
  /** What to do; null when all is well. */
  readonly remedy: string | null;
}

/** Says that a check found nothing wrong. */
export function ok(check: string, text: string): Finding {
  return { check, level: "ok", text, remedy: null };
}

/** Says that something may cost time or quality. */
export function warning(check: string, text: string, remedy: string): Finding {
  return { check, level: "warning", text, remedy };
}

/** Says that a run would fail. */
export function error(check: string, text: string, remedy: string): Finding {
  return { check, level: "error", text, remedy };
}

/** Turns what a check throws into an error finding; anything but an AbtieError is thrown on. */
export function fromError(check: string, cause: unknown): Finding {
  if (!(cause instanceof Error) || cause.name !== "AbtieError") throw cause;
  const details = "details" in cause && Array.isArray(cause.details) ? cause.details.map(String) : [];
  return error(check, [cause.message, ...details].join("\n"), "see the message");
}
