import type { Operation } from "./disk.ts";
import type { Process } from "./world.ts";

/** Watches which process holds the lock of the run folder, and that one that has lost it changes nothing any more. */
export interface LockWatch {
  readonly begins: (operation: Operation) => void;
  /** An operation has ended without an error. */
  readonly done: (operation: Operation) => void;
}

/**
 * A process holds the lock as soon as it has made the file of the holder. Before that it has only made the folder: another process
 * may take a folder without a holder, and the first one then waits like anybody else. The lock is lost when another process
 * makes the folder.
 */
export function createLockWatch(path: string, report: (violation: string) => void): LockWatch {
  const holderFile = `${path}/holder.json`;
  const lost = new Set<Process>();
  let holder: Process | null = null;
  return {
    begins: ({ process, kind, path: changed, changes }) => {
      // Its own temporary files and the contents of a lock are no results: no other process trusts
      // them. The lock of the submission is one that it may still hold, and frees. A process that
      // frees its lock removes the folder after its holder: a folder with another holder is not empty.
      const isHarmless =
        (kind === "rm" && changed.endsWith(".tmp")) ||
        (kind === "rmdir" && changed === path) ||
        changed.includes("/.submission.csv.lock") ||
        (kind !== "rm" && changed === holderFile);
      if (lost.has(process) && changes && !isHarmless) {
        report(`${process.name} has lost the lock and goes on: ${kind} ${changed}`);
      }
    },
    done: ({ process, kind, path: changed }) => {
      if (kind === "create" && changed === holderFile) holder = process;
      if (kind === "mkdir" && changed === path && holder !== null && holder !== process) {
        lost.add(holder);
        holder = null;
      }
    },
  };
}
