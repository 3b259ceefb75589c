import { type Disk, nodeDisk } from "./disk.ts";

/** Decides whether a path can be looked at; false also when the disk does not say. */
export function exists(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    () => false,
  );
}
