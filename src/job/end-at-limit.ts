import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { TimeLimits } from "./time-limits.ts";

/**
 * Does work that the limits of a run may stop. When they have aborted, an error that their abort explains is an ordinary end: the
 * reason of the abort itself, an aborted operation, and an engine that was stopped while it started. Throws every other error,
 * because it would have ended the run without the abort too: a bug, a file that cannot be read, a config that does not fit.
 */
export async function endAtLimit<T>(
  {
    limits,
    effects,
  }: { readonly limits: Pick<TimeLimits, "signal">; readonly effects: { readonly signal: Effects["signal"] } },
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly stopped: "interrupted" | "deadline" }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!limits.signal.aborted || !isOfAbort(error, limits.signal.reason)) throw error;
    return { stopped: effects.signal.aborted ? "interrupted" : "deadline" };
  }
}

function isOfAbort(error: unknown, reason: unknown): boolean {
  if (error === reason || (error instanceof Error && error.name === "AbortError")) return true;
  return error instanceof AbtieError && (error.code === "interrupted" || error.code === "engine");
}
