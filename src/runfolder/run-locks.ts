import { basename, dirname, join, resolve } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Disk } from "../files/disk.ts";
import { fenceDisk } from "../files/fenced-disk.ts";
import { createFolder } from "../files/folder.ts";
import { acquireLock, type Lock } from "../files/lock.ts";
import { resolveLinks } from "../files/resolve-links.ts";

/** The right of this process to write the folders and the submissions of some runs. */
export interface RunLocks {
  /**
   * The effects of the caller for work under the locks. When a lock is lost, `disk` refuses every change, `signal` aborts, and
   * `log` is silent, because all that fails afterwards fails for this reason.
   */
  readonly effects: Effects;
  /**
   * Makes the folder of a run and locks it, and then the submission, which runs of two folders may share. Throws
   * AbtieError("data") when another process works on one of them, or when the folder cannot be made.
   */
  readonly take: (config: Pick<Config, "runFolder" | "output">) => Promise<void>;
}

/**
 * Calls `work`, which takes locks, and frees them afterwards. Throws the AbtieError("data") of a lost lock instead of whatever
 * `work` returns or throws, because another process then owns the files.
 */
export async function withRunLocks<T>(effects: Effects, work: (locks: RunLocks) => Promise<T>): Promise<T> {
  const { clock, disk, machine } = effects;
  const lost = new AbortController();
  const held: Lock[] = [];
  const ensure = async (): Promise<void> => {
    for (const lock of held) await lock.ensure();
    // While one lock waited for the disk, another may have been lost.
    lost.signal.throwIfAborted();
  };
  const signal = AbortSignal.any([effects.signal, lost.signal]);
  const lock = async (path: string): Promise<void> => {
    const taken = await acquireLock(path, { purpose: "abtie run", clock, disk, machine, signal });
    taken.lost.addEventListener("abort", () => lost.abort(taken.lost.reason), { once: true });
    held.push(taken);
  };
  const locked: Effects = {
    ...effects,
    disk: fenceDisk(disk, ensure),
    signal,
    log: (level, text) => {
      if (!lost.signal.aborted) effects.log(level, text);
    },
  };
  const take: RunLocks["take"] = async ({ runFolder, output }) => {
    await createFolder(runFolder, locked.disk, "owner");
    const paths = [join(runFolder, "lock"), await outputLock(output, disk)];
    // Both at the same time: each may have to be watched for 10 s.
    await allEnded(paths.map(lock));
  };
  try {
    return await work({ effects: locked, take });
  } finally {
    for (const taken of held.reverse()) await taken[Symbol.asyncDispose]();
    lost.signal.throwIfAborted();
  }
}

/** The lock lies beside the file itself, so that two paths that lead to one file through links have one lock. */
async function outputLock(output: string, disk: Disk): Promise<string> {
  const file = await resolveLinks(resolve(output), disk);
  return join(dirname(file), `.${basename(file)}.lock`);
}
