import { constants } from "node:fs";
import type { Disk, DiskFile } from "./disk.ts";

/**
 * Makes a disk that calls `ensure` right before every operation that changes a file or folder, and does not begin the operation
 * when `ensure` throws. So a process that has lost its lock writes nothing more, whatever part of it wants to write.
 */
export function fenceDisk(disk: Disk, ensure: () => Promise<void>): Disk {
  const fence = <A extends unknown[], R>(operation: (...given: A) => Promise<R>): ((...given: A) => Promise<R>) => {
    return async (...given) => {
      await ensure();
      return operation(...given);
    };
  };
  return {
    ...disk,
    open: async (path, flags, mode) => {
      if (changes(flags)) await ensure();
      return fenceFile(await disk.open(path, flags, mode), fence);
    },
    rename: fence(disk.rename),
    rm: fence(disk.rm),
    mkdir: fence(disk.mkdir),
    rmdir: fence(disk.rmdir),
    utimes: fence(disk.utimes),
  };
}

type Fence = <A extends unknown[], R>(operation: (...given: A) => Promise<R>) => (...given: A) => Promise<R>;

function fenceFile(file: DiskFile, fence: Fence): DiskFile {
  return {
    read: (...given) => file.read(...given),
    stat: () => file.stat(),
    sync: () => file.sync(),
    datasync: () => file.datasync(),
    close: () => file.close(),
    write: fence((...given: Parameters<DiskFile["write"]>) => file.write(...given)),
    appendFile: fence((...given: Parameters<DiskFile["appendFile"]>) => file.appendFile(...given)),
    truncate: fence((...given: Parameters<DiskFile["truncate"]>) => file.truncate(...given)),
  };
}

const CHANGING = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

function changes(flags: string | number): boolean {
  return typeof flags === "string" ? flags !== "r" : (flags & CHANGING) !== 0;
}
