import { readFileSync, writeSync } from "node:fs";

/** Files that a process must be able to open at once. Loading the program alone needs more than 160. */
const LEAST = 256;
/** The exit status of a wrong usage; errors.ts has the table, and this file imports nothing that must be opened. */
const USAGE = 2;

/**
 * Checks that this process may open enough files. Otherwise prints the limit and the remedy, sets the exit status and returns false:
 * beyond the limit, the errors of Node name modules that exist. Node has raised the soft limit to the hard one by now. A system
 * without /proc is not checked.
 */
export function refuseFewFiles(): boolean {
  const limit = limitIn(readLimits());
  if (limit === null || limit >= LEAST) return true;
  writeSync(
    2,
    `abtie: a process may open ${limit} files at once here (ulimit -n), and abtie needs ${LEAST}: raise the limit, for example with ` +
      "`ulimit -n 1024` in this shell, or with `ulimit -Hn 1024` as the administrator when the hard limit is lower\n",
  );
  process.exitCode = USAGE;
  return false;
}

function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

/** Reads the soft limit from the table of a process's limits; null when it has none. */
function limitIn(table: string): number | null {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(table) ?? [];
  return soft === undefined ? null : Number(soft);
}
