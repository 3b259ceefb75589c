import { mkdir } from "node:fs/promises";
import { explainFileError } from "./explain.ts";

/** Creates a folder and its parents where they are missing. Throws AbtieError("data") with a remedy when the system refuses it. */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw explainFileError("create the folder", path, error);
  }
}
