import { dirname, resolve } from "node:path";
import { systemCode } from "../errors.ts";
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
    const mode = access === "owner" ? { mode: 0o700 } : {};
    const first = await makeFirst(whole, mode, disk);
    await disk.mkdir(whole, { recursive: true, ...mode });
    // The folder itself may be there since another process made it, and was killed before it was durable.
    const top = first ?? whole;
    for (let folder = whole; folder.length >= top.length; folder = dirname(folder)) {
      await syncFolder(dirname(folder), disk);
    }
  } catch (error) {
    throw explainFileError("create the folder", path, error);
  }
}

/**
 * Makes the topmost missing folder of a path and returns it; null when none is missing. Node never ends a recursive mkdir where the
 * system makes no folder in a folder that exists, as in /proc; this mkdir throws ENOENT there.
 */
async function makeFirst(path: string, mode: { readonly mode?: number }, disk: Disk): Promise<string | null> {
  let missing: string | null = null;
  for (let folder = path; await isMissing(folder, disk); folder = dirname(folder)) missing = folder;
  if (missing === null) return null;
  try {
    await disk.mkdir(missing, mode);
  } catch (error) {
    // Another process made it.
    if (systemCode(error) !== "EEXIST") throw error;
  }
  return missing;
}

function isMissing(path: string, disk: Disk): Promise<boolean> {
  return disk.stat(path).then(
    () => false,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return dirname(path) !== path;
      throw error;
    },
  );
}
