import { appendFile } from "node:fs/promises";
import { explainFileError } from "./explain.ts";

/** Appends a text to a file, which is made if it does not exist. Throws AbtieError("data") with a remedy when that fails. */
export async function appendText(path: string, text: string): Promise<void> {
  try {
    await appendFile(path, text);
  } catch (error) {
    throw explainFileError("write", path, error);
  }
}
