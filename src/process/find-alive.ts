import { readdirSync, readFileSync } from "node:fs";

// Used by the keeper too, which must stay plain: nothing but node: is imported here.

/** A process as /proc shows it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it started, in clock ticks since boot: tells it from a later process with the same pid. */
  readonly started: string;
}

/** The environment variable by which everything that a keeper started can be found again, also after it was orphaned. */
export const MARK = "ABTIE_ENGINE";

/**
 * Lists what is alive of a server: everything in the leader's group or session, everything below one of `roots`, and
 * everything that carries the mark. A zombie is not alive. Empty where there is no /proc.
 */
export function findAlive(options: {
  readonly mark: string;
  readonly leader?: number | undefined;
  readonly roots?: readonly number[];
  readonly except?: readonly number[];
}): readonly Process[] {
  const all = listProcesses();
  const below = new Set(options.roots ?? []);
  // Parents may come after their children in the list: repeat until nothing is added.
  for (let size = -1; size !== below.size; ) {
    size = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  for (const root of options.roots ?? []) below.delete(root);
  return all.filter(
    ({ pid, group, session }) =>
      !options.except?.includes(pid) &&
      (group === options.leader || session === options.leader || below.has(pid) || carriesMark(pid, options.mark)),
  );
}

/** Sends a signal to each process that is still the one that was listed; one that has ended meanwhile is left out. */
export function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
  for (const { pid, started } of processes) {
    try {
      if (readProcess(String(pid))?.started === started) process.kill(pid, signal);
    } catch {
      // It ended between the two calls.
    }
  }
}

function listProcesses(): readonly Process[] {
  let names: readonly string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  const found: Process[] = [];
  for (const name of names) {
    const one = /^\d+$/.test(name) ? readProcess(name) : null;
    if (one !== null) found.push(one);
  }
  return found;
}

function readProcess(pid: string): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may itself hold spaces and parentheses.
    const [state, parent, group, session, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return null;
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      started: rest[15] ?? "",
    };
  } catch {
    return null;
  }
}

function carriesMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${MARK}=${mark}`);
  } catch {
    return false;
  }
}
