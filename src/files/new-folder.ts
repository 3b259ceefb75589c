import { mkdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AbtieError } from "../errors.ts";
import type { Clock } from "../types.ts";
import { nodeDisk } from "./disk.ts";
import { exists } from "./exists.ts";
import { explainFileError } from "./explain.ts";
import { createFolder } from "./folder.ts";
import type { Machine } from "./holder.ts";
import { withLock } from "./lock.ts";
import { syncFolder } from "./sync-folder.ts";

export interface NewFolderOptions {
  /** The purpose of the work, for other processes that want the same folder, for example "abtie prepare". */
  readonly purpose: string;
  /** What to do when the folder exists already, as a text that follows "exists already: ". */
  readonly remedy: string;
  /** True to keep what `build` has made when it fails or is killed, and to go on with it the next time. */
  readonly continues?: boolean;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

/**
 * Makes a folder in one step: `build` fills a temporary folder beside it, which then gets the name. If the process is killed at any
 * moment, the path has no folder or a complete one. Throws AbtieError("config") when the folder exists already, AbtieError("data")
 * when another process makes it or the disk fails, and what `build` throws.
 */
export async function makeNewFolder<T>(
  path: string,
  { purpose, remedy, continues = false, clock, machine, signal }: NewFolderOptions,
  build: (temporary: string, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const refuse = async (): Promise<void> => {
    if (await exists(path)) throw new AbtieError("config", `${path} exists already: ${remedy}`);
  };
  await refuse();
  const parent = dirname(path);
  await createFolder(parent);
  return withLock(join(parent, `.${basename(path)}.lock`), { purpose, clock, machine, signal }, async (lost) => {
    // Another process may have made it before this one got the lock.
    await refuse();
    const temporary = partialFolder(path);
    try {
      if (!continues) await rm(temporary, { recursive: true, force: true });
      await mkdir(temporary, { recursive: true });
      const result = await build(temporary, lost);
      lost.throwIfAborted();
      await syncFolder(temporary, nodeDisk);
      await nodeDisk.rename(temporary, path);
      await syncFolder(parent, nodeDisk);
      return result;
    } catch (error) {
      if (!continues && !lost.aborted) await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw explainFileError("write", path, error);
    }
  });
}

/** Names the temporary folder in which a folder is made. */
export function partialFolder(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`);
}
