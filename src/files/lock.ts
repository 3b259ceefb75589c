import { AbtieError } from "../errors.ts";
import type { Clock } from "../types.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";
import { claimDeadHolder, describeHolder, type Machine, removeHolder, thisMachine, writeHolder } from "./holder.ts";
import { takeLockFolder } from "./lock-folder.ts";

export interface LockOptions {
  /** The purpose of the lock, for the messages of other processes that want it, for example "abtie run". */
  readonly purpose: string;
  readonly clock: Clock;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Default: this process on this machine. */
  readonly machine?: Machine;
  /** Waits until the lock is free. Without `wait`, a lock that another process holds throws. */
  readonly wait?: {
    readonly signal?: AbortSignal;
    /** Called once with a description of the holder, if another process holds the lock. */
    readonly onWait?: (holder: string) => void;
  };
}

export interface Lock extends AsyncDisposable {
  /** Aborts with an AbtieError("data") when another process takes the lock while this process still holds it. */
  readonly lost: AbortSignal;
}

/** Runs `fn` while this process holds a lock. Arguments and errors are those of acquireLock. */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  fn: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  await using lock = await acquireLock(path, options);
  return await fn(lock.lost);
}

/**
 * Takes a lock that all processes respect, by making a folder at `path`, whose parent must exist. If a killed process
 * left the lock, it is taken over: at once if the process ran on this machine, else after 10 s. Throws an
 * AbtieError("data") that names the holder when another process holds the lock and `wait` is not given.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const { purpose, clock, wait, disk = nodeDisk, machine = thisMachine } = options;
  const lost = new AbortController();
  for (let hasWaited = false; ; ) {
    wait?.signal?.throwIfAborted();
    if (await claimDeadHolder(path, disk, machine)) await disk.rmdir(path).catch(() => {});
    const release = await tryLock(path, lost, { disk, clock });
    if (release !== null) {
      await writeHolder(path, purpose, disk, machine);
      return { lost: lost.signal, [Symbol.asyncDispose]: () => free(path, disk, lost.signal, release) };
    }
    const holder = await describeHolder(path, disk, machine);
    if (wait === undefined) throw heldBy(path, holder);
    if (!hasWaited) wait.onWait?.(holder);
    hasWaited = true;
    await clock.sleep(POLL_MS, wait.signal);
  }
}

const POLL_MS = 500;
const STALE_MS = 10_000;
const RENEW_MS = 2_000;

/** Returns the function that frees the lock, or null when another process holds it. */
async function tryLock(
  path: string,
  lost: AbortController,
  effects: { readonly disk: Disk; readonly clock: Clock },
): Promise<(() => Promise<void>) | null> {
  try {
    return await takeLockFolder(path, {
      ...effects,
      staleMs: STALE_MS,
      renewMs: RENEW_MS,
      onLost: () => lost.abort(heldBy(path, "another process, although this one still needs it")),
    });
  } catch (error) {
    throw explainFileError("lock", path, error);
  }
}

async function free(path: string, disk: Disk, lost: AbortSignal, release: () => Promise<void>): Promise<void> {
  if (lost.aborted) return;
  await removeHolder(path, disk);
  await release();
}

function heldBy(path: string, holder: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} is held by ${holder}: wait until it ends, or end it; a lock left by a killed process frees itself within ${STALE_MS / 1000} s.`,
  );
}
