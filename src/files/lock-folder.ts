import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { AbtieError, systemCode } from "../errors.ts";
import type { Clock } from "../types.ts";
import type { Disk, FileStatus } from "./disk.ts";
import { meansMissing } from "./exists.ts";
import { type Holder, parseHolder } from "./holder.ts";

export interface LockEffects {
  readonly disk: Disk;
  readonly clock: Clock;
}

/** A lock that some process has taken. */
export interface TakenLock {
  /** Null when the lock does not say who holds it: it has just been made, or is one of an earlier version. */
  readonly holder: Holder | null;
  /** Time of the last renewal by the clock of the file system, ms since 1970. */
  readonly renewedAt: number;
}

/** A lock that this process holds for a while after each renewal. */
export interface Lease {
  /** Aborts with `lostReason` when another process has taken the lock. */
  readonly lost: AbortSignal;
  /**
   * Resolves while no other process can have taken the lock; at once when the last renewal is recent, else after another
   * one. Call it right before each write. Throws `lostReason`, or the error of the disk.
   */
  readonly ensure: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/** Another process takes a lock that it has not seen renewed for this long, ms. */
export const STALE_MS = 10_000;
/** This process writes for this long after a renewal, ms: an operation that has begun gets the rest of STALE_MS to end. */
const LEASE_MS = 7_000;
const RENEW_MS = 2_000;

/**
 * Makes the folder that is a lock and writes the holder into it. Only one of several processes can make a folder, on every file
 * system; and the folder takes the holder along when it is renamed. Returns false when the folder exists. Throws the errors of
 * the disk.
 */
export async function makeLock(path: string, holder: Holder, { disk }: LockEffects): Promise<boolean> {
  try {
    await disk.mkdir(path);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    await writeHolder(path, holder, disk);
    return true;
  } catch (error) {
    // Fails on a folder of another process, which found this one without a holder for so long that it took it.
    await disk.rmdir(path).catch(() => {});
    if (meansMissing(error) || systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function writeHolder(path: string, holder: Holder, disk: Disk): Promise<void> {
  const file = await disk.open(holderFile(path), "wx");
  try {
    await file.appendFile(JSON.stringify(holder)).finally(() => file.close());
  } catch (error) {
    await disk.rm(holderFile(path), { force: true }).catch(() => {});
    throw error;
  }
}

/** Reads a lock; null when there is none. Throws AbtieError("data") when the path leads to a file, or to nothing through a link. */
export async function readLock(path: string, disk: Disk): Promise<TakenLock | null> {
  const folder = await statOrNull(path, disk);
  if (folder === null) {
    // No folder can be made where such a link is, and no wait would end.
    if (await isLink(path, disk)) throw noLock(path, "is a link that leads nowhere");
    return null;
  }
  if (folder.isFile()) throw noLock(path, "is a file");
  const file = await statOrNull(holderFile(path), disk);
  const text = await readHolder(path, disk);
  return { holder: parseHolder(text), renewedAt: (file ?? folder).mtimeMs };
}

/**
 * Removes a lock that is still as it was read. It is renamed first, so that only one of several processes takes it; a lock that
 * another process has made or renewed since is put back. Throws AbtieError("data") when the folder holds anything that no lock has.
 */
export async function claimLock(path: string, seen: TakenLock, disk: Disk): Promise<void> {
  await refuseForeignFolder(path, disk);
  const claimed = `${path}.${randomUUID()}`;
  try {
    await disk.rename(path, claimed);
  } catch (error) {
    if (meansMissing(error)) return;
    throw error;
  }
  // A lock that the disk does not show is put back.
  const found = await readLock(claimed, disk).catch(() => null);
  if (found !== null && found.holder?.token === seen.holder?.token && found.renewedAt === seen.renewedAt) {
    await removeLock(claimed, disk);
  } else {
    await disk.rename(claimed, path).catch(() => removeLock(claimed, disk));
  }
}

/** A folder of a person that has the name of a lock is left as it is. */
async function refuseForeignFolder(path: string, disk: Disk): Promise<void> {
  const names = await disk.readdir(path).catch((error: unknown) => {
    if (meansMissing(error)) return [];
    throw error;
  });
  const foreign = names.find((name) => name !== HOLDER);
  if (foreign !== undefined) throw noLock(path, `holds ${foreign}`);
}

function noLock(path: string, what: string): AbtieError {
  return new AbtieError("data", `${path} ${what}, so it is no lock of abtie: move it away, or remove it.`);
}

async function isLink(path: string, disk: Disk): Promise<boolean> {
  try {
    await disk.readlink(path);
    return true;
  } catch (error) {
    if (meansMissing(error) || systemCode(error) === "EINVAL") return false;
    throw error;
  }
}

/**
 * Renews a lock that this process has made until it is released or lost. `since` is a monotonic time (ms) before it was made.
 */
export function holdLock(
  path: string,
  { token, since, lostReason }: { readonly token: string; readonly since: number; readonly lostReason: () => Error },
  { disk, clock }: LockEffects,
): Lease {
  const lost = new AbortController();
  const released = new AbortController();
  // The monotonic clock stands still while the machine sleeps, and the wall clock may be set back: both must agree.
  let renewedAt = { monotonic: since, wall: clock.now() };
  let renewing: Promise<void> | null = null;

  const renew = async (): Promise<void> => {
    const startedAt = { monotonic: clock.monotonic(), wall: clock.now() };
    if (parseHolder(await readHolder(path, disk))?.token !== token) {
      lost.abort(lostReason());
      // Nobody frees a lost lock, and its timer must not outlast the work.
      released.abort();
      return;
    }
    const seconds = clock.now() / 1_000;
    await disk.utimes(holderFile(path), seconds, seconds);
    renewedAt = startedAt;
  };
  const renewOnce = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = null;
    });
    return renewing;
  };
  const ensure = async (): Promise<void> => {
    for (;;) {
      lost.signal.throwIfAborted();
      const { monotonic, wall } = renewedAt;
      if (clock.monotonic() - monotonic < LEASE_MS && clock.now() - wall < LEASE_MS) return;
      await renewOnce();
    }
  };
  const keepRenewing = async (): Promise<void> => {
    while (!released.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(RENEW_MS, released.signal).catch(() => {});
      // A disk that does not answer takes no lock away, and nothing is written while the lease is over.
      if (!released.signal.aborted) await renewOnce().catch(() => {});
    }
  };
  const keeping = keepRenewing();
  return {
    lost: lost.signal,
    ensure,
    release: async () => {
      released.abort();
      await keeping;
      // The last renewal may have found that the lock is another's, which must not be removed.
      if (lost.signal.aborted) return;
      await ensure();
      await removeLock(path, disk);
    },
  };
}

const HOLDER = "holder.json";

function holderFile(path: string): string {
  return join(path, HOLDER);
}

/** The text that names the holder; empty when there is none. */
async function readHolder(path: string, disk: Disk): Promise<string> {
  try {
    return await disk.readFile(holderFile(path), "utf8");
  } catch (error) {
    if (meansMissing(error)) return "";
    throw error;
  }
}

async function removeLock(path: string, disk: Disk): Promise<void> {
  await disk.rm(holderFile(path), { force: true });
  await disk.rmdir(path);
}

async function statOrNull(path: string, disk: Disk): Promise<FileStatus | null> {
  try {
    return await disk.stat(path);
  } catch (error) {
    if (meansMissing(error)) return null;
    throw error;
  }
}
