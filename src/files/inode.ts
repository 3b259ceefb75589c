import type { Disk } from "./disk.ts";
import { meansMissing } from "./exists.ts";
import { explainFileError } from "./explain.ts";

/**
 * Device and inode, which hard links of one file share; null when the file is missing or the file system numbers no files. Throws
 * AbtieError("data") when the disk does not say.
 */
export async function inodeOf(path: string, disk: Disk): Promise<string | null> {
  const status = await disk.stat(path, { bigint: true }).catch((error: unknown) => {
    if (meansMissing(error)) return null;
    throw explainFileError("look at", path, error);
  });
  // Some file systems number no files and give 0 for every file.
  return status === null || status.ino === 0n ? null : `${status.dev}:${status.ino}`;
}
