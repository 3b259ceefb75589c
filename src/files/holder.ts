import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemCode } from "../errors.ts";

/** A process that takes locks, and the machine on which it runs. */
export interface Machine {
  readonly pid: number;
  readonly host: string;
  /**
   * Names the table of processes in which `pid` counts: the start of the kernel and the pid namespace. Two containers have
   * two tables, also when they have one host name.
   */
  readonly processTable: string;
  /** Start of a process of this table, as the system states it, or UNKNOWN_START; null when no such process runs. */
  readonly startOf: (pid: number) => string | null;
}

/** The start of a process that runs, on a system that does not state it. */
export const UNKNOWN_START = "unknown";

/** This process on this machine. */
export const thisMachine: Machine = {
  pid: process.pid,
  get host() {
    return hostname();
  },
  get processTable() {
    return processTable();
  },
  startOf,
};

/** The holder of a lock, as written into the lock. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly processTable: string;
  readonly started: string;
  readonly purpose: string;
  /** Differs in every lock that was ever taken. */
  readonly token: string;
  /** When the lock was taken, ms since 1970 by the clock of its holder; missing in a lock of version 0.2.0 or older. */
  readonly takenAt?: number;
}

/**
 * Decides whether the holder of a lock runs. Only a process of the same table is judged by its pid, together with its start,
 * because a later process may have the same pid: a container that is started again has pid 1 again. Any other holder is
 * "unknown": only the renewals of its lock show whether it runs.
 */
export function holderState(holder: Holder | null, machine: Machine): "runs" | "ended" | "unknown" {
  if (holder === null || holder.processTable !== machine.processTable) return "unknown";
  const started = machine.startOf(holder.pid);
  if (started === null) return "ended";
  const isSame = [started, holder.started].includes(UNKNOWN_START) || started === holder.started;
  return isSame ? "runs" : "ended";
}

/** Describes a holder for a message: process, machine, purpose and the time since which it has the lock, as far as known. */
export function describeHolder(holder: Holder | null, { host }: Pick<Machine, "host">): string {
  if (holder === null) return "another process";
  const where = holder.host === host ? "" : ` on ${holder.host}`;
  const { takenAt } = holder;
  const since = takenAt === undefined ? "" : `, since ${new Date(takenAt).toISOString()}`;
  return `process ${holder.pid}${where} (${holder.purpose}${since})`;
}

/** Reads a holder from the text in a lock; null for any other text. */
export function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, ...texts } = value as Partial<Record<keyof Holder, unknown>>;
  const { host, processTable, started, purpose, token, takenAt } = texts;
  return (
    Number.isInteger(pid) &&
    (takenAt === undefined || Number.isFinite(takenAt)) &&
    [host, processTable, started, purpose, token].every((text) => typeof text === "string")
  );
}

function processTable(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `host ${hostname()}`;
  }
}

function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    if (systemCode(error) !== "EPERM") return null;
  }
  try {
    // In a pid namespace of its own, a process may see the /proc of the outer one, with other pids.
    if (readlinkSync("/proc/self") !== String(process.pid)) return UNKNOWN_START;
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may itself contain spaces and parentheses.
    const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? null : (fields[18] ?? UNKNOWN_START);
  } catch {
    return UNKNOWN_START;
  }
}
