import { systemCode } from "../errors.ts";
import type { Disk } from "./disk.ts";

/** Some file systems (FUSE, network) cannot sync a folder; the names in it become durable there without it. */
const UNSUPPORTED: ReadonlySet<unknown> = new Set([
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EISDIR",
  "EPERM",
  "EACCES",
  "EBADF",
]);

/**
 * Forces the names in a folder onto the disk: without it, a power cut may undo that a file was made, renamed or removed. Throws
 * the errors of the disk, unless its file system cannot sync folders.
 */
export async function syncFolder(path: string, disk: Disk): Promise<void> {
  try {
    const folder = await disk.open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!UNSUPPORTED.has(systemCode(error))) throw error;
  }
}
