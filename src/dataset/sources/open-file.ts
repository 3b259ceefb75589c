import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";

/** Opens a regular file for reading. Throws AbtieError("data") when it is missing, unreadable, a folder, or a pipe or device. */
export async function openFile(path: string): Promise<FileHandle> {
  // Opening a pipe would wait for its writer; the flag returns at once, and the check below refuses it.
  const file = await openWithoutWaiting(path);
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  const found = stats.isDirectory() ? "a folder" : "a pipe or a device";
  throw new AbtieError(
    "data",
    `${path} is ${found}, and a CSV file was expected: its rows are read again and again by position.`,
  );
}

async function openWithoutWaiting(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}
