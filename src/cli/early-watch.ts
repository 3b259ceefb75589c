import { parseDeadline } from "../config/deadline.ts";
import { planBudget } from "../deadline/budget.ts";
import type { Watch } from "../effects.ts";
import { withoutGlobalOptions } from "./leading-options.ts";

/**
 * Reads the deadline of `abtie run` from the command line alone, so that the watchdog can run before anything else is
 * loaded or read. The job replaces this watch when it has read its config, which may set another reserve or start.
 * Returns null for another command, without --deadline, and for a deadline that cannot be read, which the job reports.
 */
export function earlyWatch(argv: readonly string[], startedAt: number): Watch | null {
  const text = withoutGlobalOptions(argv)[0] === "run" ? deadlineIn(argv) : null;
  if (text === null) return null;
  try {
    const { watchdogAt, deadlineAt } = planBudget(startedAt, parseDeadline(text, startedAt));
    return { at: watchdogAt, deadlineAt, output: null, complete: false };
  } catch {
    return null;
  }
}

/** Finds the last value of --deadline. */
function deadlineIn(argv: readonly string[]): string | null {
  const end = argv.indexOf("--");
  const options = end === -1 ? argv : argv.slice(0, end);
  const values = options.flatMap((arg, index) => {
    if (arg.startsWith("--deadline=")) return [arg.slice("--deadline=".length)];
    return arg === "--deadline" ? [options[index + 1] ?? ""] : [];
  });
  return values.at(-1) ?? null;
}
