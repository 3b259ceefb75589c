import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";

/**
 * Creates a folder and its parents where they are missing. With `access` "owner", only the owner of a folder that is created
 * here can open it; an existing folder keeps its access. Throws AbtieError("data") with a remedy when the system refuses it.
 */
export async function createFolder(
  path: string,
  disk: Disk = nodeDisk,
  access: "owner" | "usual" = "usual",
): Promise<void> {
  try {
    await disk.mkdir(path, access === "owner" ? { recursive: true, mode: 0o700 } : { recursive: true });
  } catch (error) {
    throw explainFileError("create the folder", path, error);
  }
}
