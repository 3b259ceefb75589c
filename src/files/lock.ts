import { rmdir } from "node:fs/promises";
import { lock as lockFile } from "proper-lockfile";
import { AbtieError, systemCode } from "../errors.ts";
import type { Clock } from "../types.ts";
import { explainFileError } from "./explain.ts";
import { claimDeadHolder, describeHolder, removeHolder, writeHolder } from "./holder.ts";

export interface LockOptions {
  /** What the holder is doing, for the message that others get, for example "abtie run". */
  readonly purpose: string;
  /** Wait until the lock is free instead of throwing. */
  readonly wait?: {
    readonly sleep: Clock["sleep"];
    readonly signal?: AbortSignal;
    /** Called once when there is somebody to wait for, with a description of them. */
    readonly onWait?: (holder: string) => void;
  };
}

export interface Lock extends AsyncDisposable {
  /** Aborts, with an AbtieError("data"), when somebody else took the lock although this process still lives. */
  readonly lost: AbortSignal;
}

/** Runs `fn` while holding a lock; arguments and errors as `acquireLock`. */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  fn: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  await using lock = await acquireLock(path, options);
  return await fn(lock.lost);
}

/**
 * Takes a lock among processes. `path` names the lock itself (a folder of that name is made, so its parent must exist). A lock left
 * by a killed process is taken over: at once on the same machine, else after 10 s. Throws AbtieError("data") naming the
 * holder when it is taken and `wait` is not given.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const { purpose, wait } = options;
  const lost = new AbortController();
  for (let told = false; ; ) {
    wait?.signal?.throwIfAborted();
    if (await claimDeadHolder(path)) await rmdir(path).catch(() => {});
    const release = await tryLock(path, lost);
    if (release !== null) {
      await writeHolder(path, purpose);
      return { lost: lost.signal, [Symbol.asyncDispose]: () => free(path, lost.signal, release) };
    }
    const holder = await describeHolder(path);
    if (wait === undefined) throw taken(path, holder);
    if (!told) wait.onWait?.(holder);
    told = true;
    await wait.sleep(POLL_MS, wait.signal);
  }
}

const POLL_MS = 500;
const STALE_MS = 10_000;
const RENEW_MS = 2_000;

/** Returns the function that frees the lock, or null when somebody holds it. */
async function tryLock(path: string, lost: AbortController): Promise<(() => Promise<void>) | null> {
  try {
    return await lockFile(path, {
      lockfilePath: path,
      realpath: false,
      stale: STALE_MS,
      update: RENEW_MS,
      onCompromised: () => lost.abort(taken(path, "another process, although this one still needs it")),
    });
  } catch (error) {
    if (systemCode(error) === "ELOCKED") return null;
    throw explainFileError("lock", path, error);
  }
}

async function free(path: string, lost: AbortSignal, release: () => Promise<void>): Promise<void> {
  if (lost.aborted) return;
  await removeHolder(path);
  await release();
}

function taken(path: string, holder: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} is held by ${holder}: wait until it ends, or end it; a lock left by a killed process frees itself within ${STALE_MS / 1000} s.`,
  );
}
