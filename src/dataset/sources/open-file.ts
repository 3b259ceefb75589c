import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import type { RecordPosition } from "./source.ts";

/** A file that is read by position while nobody may write to it. */
export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Throws AbtieError("data") when the file ends before the position does. */
  readonly readBytes: (position: RecordPosition) => Promise<Buffer>;
  /**
   * Throws AbtieError("data") when the file was written to since it was opened. A file that took its name meanwhile does
   * not matter: the open one is read.
   */
  readonly checkUnchanged: () => Promise<void>;
}

/** Opens a regular file. Throws AbtieError("data") when it is missing, unreadable, a folder, or a pipe or device. */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await openRegular(path);
  const stamp = await handle.stat({ bigint: true });
  return {
    path,
    handle,
    readBytes: async ({ start, bytes }) => {
      const buffer = Buffer.allocUnsafe(bytes);
      try {
        const { bytesRead } = await handle.read(buffer, 0, bytes, start);
        if (bytesRead !== bytes) throw fileChanged(path);
      } catch (error) {
        throw explainFileError("read", path, error);
      }
      return buffer;
    },
    checkUnchanged: async () => {
      const { size, mtimeNs } = await handle.stat({ bigint: true });
      if (size !== stamp.size || mtimeNs !== stamp.mtimeNs) throw fileChanged(path);
    },
  };
}

async function openRegular(path: string): Promise<FileHandle> {
  // Opening a pipe would wait for its writer; with the flag it returns at once, and the check below refuses the pipe.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw explainFileError("read", path, error);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  const found = stats.isDirectory() ? "a folder" : "a pipe or a device";
  throw new AbtieError(
    "data",
    `${path} is ${found}, and a CSV file was expected: its rows are read again and again by position.`,
  );
}

/** Builds the error for a file whose rows are no longer where they were. */
export function fileChanged(path: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} was changed while it was being used: its rows are no longer where they were. Leave the file alone during a run, and start again.`,
  );
}
