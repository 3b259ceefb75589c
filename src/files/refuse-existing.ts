import { AbtieError } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { exists } from "./exists.ts";

/**
 * Call this before the write of a file that a person may have worked in. Throws AbtieError("config") when the file exists, unless
 * `force` is given or `isOwn` says of its text that this program wrote it and no person changes it.
 */
export async function refuseExisting(
  path: string,
  {
    force,
    isOwn = () => false,
    disk = nodeDisk,
  }: { readonly force: boolean; readonly isOwn?: (text: string) => boolean; readonly disk?: Disk },
): Promise<void> {
  if (force || !(await exists(path, disk))) return;
  // A file that cannot be read is not known to be of this program.
  const text = await disk.readFile(path, "utf8").catch(() => "");
  if (isOwn(text)) return;
  throw new AbtieError("config", `${path} exists; give --force to replace it, or another name with -o.`);
}
