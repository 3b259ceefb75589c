import { randomUUID } from "node:crypto";
import { AbtieError } from "../errors.ts";
import type { Clock } from "../types.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";
import { describeHolder, type Holder, holderState, type Machine, thisMachine, UNKNOWN_START } from "./holder.ts";
import { claimLock, holdLock, type Lease, makeLock, readLock, STALE_MS, type TakenLock } from "./lock-folder.ts";

export interface LockOptions {
  /** The purpose of the lock, for the messages of other processes that want it, for example "abtie run". */
  readonly purpose: string;
  readonly clock: Clock;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Default: this process on this machine. */
  readonly machine?: Machine;
  /** Ends the wait for a lock. */
  readonly signal?: AbortSignal;
  /** Waits until the lock is free. Without `wait`, a lock that a running process holds throws. */
  readonly wait?: {
    /** Called once with a description of the holder, if another process holds the lock. */
    readonly onWait?: (holder: string) => void;
  };
}

export interface Lock extends AsyncDisposable {
  /** Aborts with an AbtieError("data") when another process takes the lock while this process still holds it. */
  readonly lost: AbortSignal;
  /** Call this right before each write that the lock protects. Throws the reason of `lost`. See Lease. */
  readonly ensure: () => Promise<void>;
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
 * Takes a lock that all processes respect, by making a folder at `path`, whose parent must exist. A lock that a process left is
 * taken over: at once if the process was one of this machine and pid namespace and has ended, else when the lock was not
 * renewed for 10 s while this function watched it. Throws an AbtieError("data") that names the holder when the holder runs and
 * `wait` is not given.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const { purpose, clock, signal, disk = nodeDisk, machine = thisMachine } = options;
  const { pid, host, processTable } = machine;
  const started = machine.startOf(pid) ?? UNKNOWN_START;
  const holder: Holder = { pid, host, processTable, started, purpose, token: randomUUID(), takenAt: clock.now() };
  let hasWaited = false;
  const onRunning = (description: string): void => {
    if (options.wait === undefined) throw heldBy(path, description);
    if (!hasWaited) options.wait.onWait?.(description);
    hasWaited = true;
  };
  for (;;) {
    const since = clock.monotonic();
    try {
      if (await makeLock(path, holder, { disk, clock })) {
        const hold = { token: holder.token, since, lostReason: () => takenAway(path) };
        const lease = holdLock(path, hold, { disk, clock });
        return { lost: lease.lost, ensure: lease.ensure, [Symbol.asyncDispose]: () => free(lease) };
      }
      signal?.throwIfAborted();
      await waitUntilFree(path, { clock, disk, machine, signal, onRunning });
    } catch (error) {
      throw explainFileError("lock", path, error);
    }
  }
}

const POLL_MS = 500;

/**
 * Waits until the lock at `path` is free, and removes it if its holder has ended. Calls `onRunning` with a description of a
 * holder that runs; when that throws, so does this function.
 */
async function waitUntilFree(
  path: string,
  options: {
    readonly clock: Clock;
    readonly disk: Disk;
    readonly machine: Machine;
    readonly signal: AbortSignal | undefined;
    readonly onRunning: (description: string) => void;
  },
): Promise<void> {
  const { clock, disk, machine, signal } = options;
  const onRunning = ({ holder }: TakenLock): void => options.onRunning(describeHolder(holder, machine));
  let seen = await readLock(path, disk);
  let since = clock.monotonic();
  while (seen !== null) {
    const state = holderState(seen.holder, machine);
    if (state === "ended" || clock.monotonic() - since >= STALE_MS) return claimLock(path, seen, disk);
    if (state === "runs" && Math.abs(clock.now() - seen.renewedAt) < STALE_MS) onRunning(seen);
    await clock.sleep(POLL_MS, signal);
    signal?.throwIfAborted();
    const next = await readLock(path, disk);
    if (next !== null && (next.renewedAt !== seen.renewedAt || next.holder?.token !== seen.holder?.token)) {
      onRunning(next);
      since = clock.monotonic();
    }
    seen = next;
  }
}

/** A lock that cannot be removed is one that a later process takes over. */
async function free(lease: Lease): Promise<void> {
  if (!lease.lost.aborted) await lease.release().catch(() => {});
}

function heldBy(path: string, holder: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} is held by ${holder}: wait until it ends, or end it; a lock left by a killed process frees itself within ${STALE_MS / 1000} s.`,
  );
}

function takenAway(path: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} was taken by another process, because this one did not renew it for ${STALE_MS / 1000} s (it was stopped, or its disk did not answer), ` +
      "or it was removed with its folder. This process has written nothing since and ends.",
  );
}
