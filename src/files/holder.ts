import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { systemCode } from "../errors.ts";
import type { Disk } from "./disk.ts";

/** A process that takes locks, and the machine on which it runs. */
export interface Machine {
  readonly pid: number;
  readonly host: string;
  /** Decides whether a process of this machine runs. */
  readonly isAlive: (pid: number) => boolean;
}

/** This process on this machine. */
export const thisMachine: Machine = {
  pid: process.pid,
  get host() {
    return hostname();
  },
  isAlive,
};

/** The holder of a lock, as written into the file beside the lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly purpose: string;
}

/** Writes a file that names this process as the holder of a lock. */
export async function writeHolder(lock: string, purpose: string, disk: Disk, { pid, host }: Machine): Promise<void> {
  const holder: Holder = { pid, host, purpose };
  const file = await disk.open(holderPath(lock), "w");
  try {
    await file.appendFile(JSON.stringify(holder));
  } finally {
    await file.close();
  }
}

/**
 * Removes the holder's file. Call this before the lock is freed; afterwards it might remove the file of the next
 * holder.
 */
export async function removeHolder(lock: string, disk: Disk): Promise<void> {
  await disk.rm(holderPath(lock), { force: true });
}

/** Describes the holder of a lock for a message: process, machine, purpose and start, as far as known. */
export async function describeHolder(lock: string, disk: Disk, { host }: Machine): Promise<string> {
  const holder = await readHolder(holderPath(lock), disk);
  if (holder === null) return "another process";
  const since = await disk.stat(holderPath(lock)).catch(() => null);
  const where = holder.host === host ? "" : ` on ${holder.host}`;
  return `process ${holder.pid}${where} (${holder.purpose}${since === null ? "" : `, since ${new Date(since.mtimeMs).toISOString()}`})`;
}

/**
 * Removes the file of a holder if the holder's process has ended without freeing the lock. Returns true if this call
 * removed the file. A process on another machine counts as running, because only its own machine can check it. The file
 * is renamed first, so that only one of several callers succeeds.
 */
export async function claimDeadHolder(lock: string, disk: Disk, { host, isAlive }: Machine): Promise<boolean> {
  const dead = await readHolder(holderPath(lock), disk);
  if (dead === null || dead.host !== host || isAlive(dead.pid)) return false;
  const claimed = `${holderPath(lock)}.${randomUUID()}`;
  try {
    await disk.rename(holderPath(lock), claimed);
  } catch {
    return false;
  }
  // Between reading and renaming, another caller may have taken the lock and written its own file. That file is put
  // back.
  const mine = (await readHolder(claimed, disk))?.pid === dead.pid;
  if (mine) await disk.rm(claimed, { force: true });
  else await disk.rename(claimed, holderPath(lock));
  return mine;
}

function holderPath(lock: string): string {
  return `${lock}.holder`;
}

async function readHolder(path: string, disk: Disk): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await disk.readFile(path, "utf8"));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host, purpose } = value as Partial<Record<keyof Holder, unknown>>;
  return Number.isInteger(pid) && typeof host === "string" && typeof purpose === "string";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return systemCode(error) === "EPERM";
  }
}
