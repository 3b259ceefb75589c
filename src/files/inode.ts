import type { Disk } from "./disk.ts";

/** Device and inode, which hard links of one file share; null when the file is missing or the file system numbers no files. */
export async function inodeOf(path: string, disk: Disk): Promise<string | null> {
  const status = await disk.stat(path, { bigint: true }).catch(() => null);
  // Some file systems number no files and give 0 for every file.
  return status === null || status.ino === 0n ? null : `${status.dev}:${status.ino}`;
}
