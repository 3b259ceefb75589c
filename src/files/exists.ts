import { systemCode } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";

/**
 * Decides whether an error says that a file is missing: there is none of that name, or a part of its path is a file. Every other
 * error (EIO, EACCES, ELOOP, ENAMETOOLONG) says nothing about the file, and must not be taken for a missing one.
 */
export function meansMissing(error: unknown): boolean {
  return MISSING.has(systemCode(error));
}

const MISSING: ReadonlySet<string | null> = new Set(["ENOENT", "ENOTDIR"]);

/** Decides whether a path leads to something. Throws AbtieError("data") when the disk does not say. */
export async function exists(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  try {
    await disk.stat(path);
    return true;
  } catch (error) {
    if (meansMissing(error)) return false;
    throw explainFileError("look at", path, error);
  }
}

/** Decides whether a path leads to a regular file. Throws AbtieError("data") when the disk does not say. */
export async function isFile(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  try {
    return (await disk.stat(path)).isFile();
  } catch (error) {
    if (meansMissing(error)) return false;
    throw explainFileError("look at", path, error);
  }
}

/** Decides whether there may be a file: true also when the disk does not say, so that its error shows when it is read. */
export function mayExist(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    (error: unknown) => !meansMissing(error),
  );
}
