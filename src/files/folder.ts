import { dirname, resolve } from "node:path";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";
import { syncFolder } from "./sync-folder.ts";

/**
 * Creates a folder and its parents where they are missing, so that a power cut does not remove them. With `access` "owner", only the
 * owner of a folder that is created here can open it; an existing folder keeps its access. Throws AbtieError("data") with a remedy
 * when the system refuses it.
 */
export async function createFolder(
  path: string,
  disk: Disk = nodeDisk,
  access: "owner" | "usual" = "usual",
): Promise<void> {
  const whole = resolve(path);
  try {
    const first = await disk.mkdir(whole, access === "owner" ? { recursive: true, mode: 0o700 } : { recursive: true });
    // The folder itself may be there since another process made it, and was killed before it was durable.
    const top = first ?? whole;
    for (let folder = whole; folder.length >= top.length; folder = dirname(folder)) {
      await syncFolder(dirname(folder), disk);
    }
  } catch (error) {
    throw explainFileError("create the folder", path, error);
  }
}
