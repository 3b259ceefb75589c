import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";

/** Creates a folder and its parents where they are missing. Throws AbtieError("data") with a remedy when the system refuses it. */
export async function createFolder(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    await disk.mkdir(path, { recursive: true });
  } catch (error) {
    throw explainFileError("create the folder", path, error);
  }
}
