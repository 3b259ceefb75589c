import { basename, dirname, join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import type { Disk } from "./disk.ts";
import { meansMissing } from "./exists.ts";
import { explainFileError } from "./explain.ts";

/**
 * Returns the path to which an absolute path leads through symbolic links. Of a path that does not exist, the part that exists is
 * resolved, and a link to a file that does not exist yet leads to the file that a write through it makes. Links in a circle are
 * not followed. Throws AbtieError("data") when the disk does not say where a path leads.
 */
export async function resolveLinks(path: string, disk: Disk): Promise<string> {
  try {
    return await disk.realpath(path);
  } catch (error) {
    const isCircle = systemCode(error) === "ELOOP";
    if (!isCircle && !meansMissing(error)) throw explainFileError("follow the links of", path, error);
    if (dirname(path) === path) return path;
    const parent = await resolveLinks(dirname(path), disk);
    const target = isCircle ? null : await targetOf(path, disk);
    return target === null ? join(parent, basename(path)) : resolveLinks(resolve(parent, target), disk);
  }
}

/** Where a link leads; null for a path that is missing or no link (EINVAL). */
async function targetOf(path: string, disk: Disk): Promise<string | null> {
  try {
    return await disk.readlink(path);
  } catch (error) {
    if (meansMissing(error) || systemCode(error) === "EINVAL") return null;
    throw explainFileError("follow the links of", path, error);
  }
}
