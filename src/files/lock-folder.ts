import { randomUUID } from "node:crypto";
import { systemCode } from "../errors.ts";
import type { Clock } from "../types.ts";
import type { Disk } from "./disk.ts";

export interface LockFolderOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** A folder that was not renewed for this long (ms) counts as left by a process that ended. */
  readonly staleMs: number;
  /** Time (ms) between two renewals. */
  readonly renewMs: number;
  /** Called once when another process has taken the folder away. */
  readonly onLost: () => void;
}

/**
 * Makes the folder that is a lock, and renews its time of last change until the returned function removes it. Only one of
 * several processes can make a folder, on every file system. Takes over a folder that nobody renews. Returns null when another
 * process holds the folder. Throws the errors of the disk.
 */
export async function takeLockFolder(path: string, options: LockFolderOptions): Promise<(() => Promise<void>) | null> {
  const { disk, onLost } = options;
  if (!(await make(path, disk))) {
    if (!(await removeStale(path, options)) || !(await make(path, disk))) return null;
  }
  const changed = await touch(path, options).catch(async (error: unknown) => {
    await disk.rmdir(path).catch(() => {});
    throw error;
  });
  const stop = new AbortController();
  const renewing = renewUntilLost(path, changed, options, stop.signal).then((isLost) => {
    if (isLost) onLost();
    return isLost;
  });
  return async () => {
    stop.abort();
    if (!(await renewing)) await disk.rmdir(path);
  };
}

/** Resolves with true when the lock is lost, and with false when `signal` aborts. `changed` is the folder's present time. */
async function renewUntilLost(
  path: string,
  changed: number,
  options: LockFolderOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { disk, clock, staleMs, renewMs } = options;
  const isOverdue = (since: number): boolean => clock.monotonic() - since > staleMs;
  let mine = changed;
  let renewedAt = clock.monotonic();
  for (let wait = renewMs; ; ) {
    await clock.sleep(wait, signal).catch(() => {});
    if (signal.aborted) return false;
    const checkedAt = clock.monotonic();
    try {
      if ((await disk.stat(path)).mtimeMs !== mine) return true;
      if (signal.aborted) return false;
      mine = await touch(path, options);
      // This process was stopped between check and renewal: another may have taken the lock, and its time was changed.
      if (isOverdue(checkedAt)) return true;
      renewedAt = clock.monotonic();
      wait = renewMs;
    } catch (error) {
      // Until the lock is overdue, no other process takes it, and the disk may answer again.
      if (systemCode(error) === "ENOENT" || isOverdue(renewedAt)) return true;
      wait = renewMs / 2;
    }
  }
}

async function make(path: string, disk: Disk): Promise<boolean> {
  try {
    await disk.mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Sets the time of last change to now. Returns it as the file system stores it, which may be in whole seconds. */
async function touch(path: string, { disk, clock }: LockFolderOptions): Promise<number> {
  const seconds = clock.now() / 1_000;
  await disk.utimes(path, seconds, seconds);
  return (await disk.stat(path)).mtimeMs;
}

/**
 * Removes a folder that nobody renews; true if the folder is gone. It is renamed first, because another process may have
 * removed it and made its own since the time was read. That one is put back.
 */
async function removeStale(path: string, { disk, clock, staleMs }: LockFolderOptions): Promise<boolean> {
  const found = await changedAt(path, disk);
  if (found === null) return true;
  if (clock.now() - found <= staleMs) return false;
  const claimed = `${path}.${randomUUID()}`;
  try {
    await disk.rename(path, claimed);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
  if ((await changedAt(claimed, disk)) === found) {
    await disk.rmdir(claimed);
    return true;
  }
  await disk.rename(claimed, path);
  return false;
}

async function changedAt(path: string, disk: Disk): Promise<number | null> {
  try {
    return (await disk.stat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
