import { readdirSync, readFileSync } from "node:fs";

// The supervisor imports this file, so this file imports nothing but node: modules (see supervisor.ts).

/** A running process, as /proc describes it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot. It distinguishes the process from a later process with the same pid. */
  readonly started: string;
}

/**
 * Environment variable that every process of a supervised server inherits. It identifies processes that outlived their
 * parent.
 */
export const MARK = "ABTIE_ENGINE";

/** The signal at which a supervisor kills its server at once. */
export const HURRY = "SIGUSR2" as const;

/**
 * Lists the processes of a server that are alive: the processes in the group or session of `leader`, the descendants of
 * `roots`, and the processes whose environment has the mark. A zombie is not alive. Returns an empty list on systems
 * without /proc.
 */
export function findAlive(options: {
  /** Null: no process is found by its environment. */
  readonly mark: string | null;
  readonly leader?: number | undefined;
  readonly roots?: readonly number[];
  readonly except?: readonly number[];
}): readonly Process[] {
  const all = listProcesses();
  const below = new Set(options.roots ?? []);
  // The list may contain a child before its parent, so the loop repeats until a pass adds no process.
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

/** Returns the processes that still run. */
export function stillAlive(processes: readonly Process[]): readonly Process[] {
  return processes.filter(({ pid, started }) => readProcess(String(pid))?.started === started);
}

/** Returns the mark in the environment of a process; null when it has none or cannot be read. */
export function markOf(pid: number): string | null {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return variables.find((variable) => variable.startsWith(`${MARK}=`))?.slice(MARK.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** Sends a signal to each process that still runs. A later process with the same pid receives no signal. */
export function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
  for (const { pid, started } of processes) {
    try {
      if (readProcess(String(pid))?.started === started) process.kill(pid, signal);
    } catch {
      // The process ended between the two calls.
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
    // The second field is the name in parentheses; the name may itself contain spaces and parentheses.
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

function carriesMark(pid: number, mark: string | null): boolean {
  return mark !== null && markOf(pid) === mark;
}
