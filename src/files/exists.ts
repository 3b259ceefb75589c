import { systemCode } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";

/** Decides whether a path can be looked at; false also when the disk does not say. */
export function exists(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    () => false,
  );
}

/** Decides whether there may be a file: true also when the disk does not say, so that its error shows when it is read. */
export function mayExist(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT",
  );
}
