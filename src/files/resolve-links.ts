import { basename, dirname, join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import type { Disk } from "./disk.ts";

/**
 * Returns the path to which an absolute path leads through symbolic links. Of a path that does not exist, the part that exists is
 * resolved, and a link to a file that does not exist yet leads to the file that a write through it makes. Links in a circle are
 * not followed.
 */
export async function resolveLinks(path: string, disk: Disk): Promise<string> {
  try {
    return await disk.realpath(path);
  } catch (error) {
    if (dirname(path) === path) return path;
    const parent = await resolveLinks(dirname(path), disk);
    // Links in a circle give ELOOP.
    const target = systemCode(error) === "ENOENT" ? await disk.readlink(path).catch(() => null) : null;
    return target === null ? join(parent, basename(path)) : resolveLinks(resolve(parent, target), disk);
  }
}
