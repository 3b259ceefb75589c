import { constants, fstatSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import type { FileDigest, RecordPosition } from "./source.ts";

/** A file that is read by position. No process may write to it while it is open. */
export interface OpenFile {
  /** Path for messages; that of the original file for a file that was converted. */
  readonly path: string;
  readonly handle: FileHandle;
  /** Digest of the original file, for a file that was converted; null for the file itself. */
  readonly digest: FileDigest | null;
  /** Reads the bytes at a position. Throws AbtieError("data") when the file ends before the end of the position. */
  readonly readBytes: (position: RecordPosition) => Promise<Buffer>;
  /**
   * Throws AbtieError("data") when a process has written to the file since it was opened. Another file with the same
   * name does not matter, because the open file is read.
   */
  readonly checkUnchanged: () => Promise<void>;
}

/**
 * Opens a regular file. Throws AbtieError("data") when the file is missing, unreadable, a folder, a pipe or a device.
 */
export async function openFile(path: string): Promise<OpenFile> {
  return readByPosition(path, await openRegular(path), null);
}

/**
 * Largest number of bytes that are read synchronously. A record of some kB is in the system's memory, since the whole file was read
 * before, and there two promises cost ten times more than the copy.
 */
const MOST_SYNC_BYTES = 64 * 1024;

/** Reads an open file by position. `path` and `digest` are those of the original. */
export async function readByPosition(path: string, handle: FileHandle, digest: FileDigest | null): Promise<OpenFile> {
  const stamp = await handle.stat({ bigint: true });
  return {
    path,
    handle,
    digest,
    readBytes: async ({ start, bytes }) => {
      const buffer = Buffer.allocUnsafe(bytes);
      try {
        const bytesRead =
          bytes <= MOST_SYNC_BYTES
            ? readSync(handle.fd, buffer, 0, bytes, start)
            : (await handle.read(buffer, 0, bytes, start)).bytesRead;
        if (bytesRead !== bytes) throw fileChanged(path);
      } catch (error) {
        throw explainFileError("read", path, error);
      }
      return buffer;
    },
    checkUnchanged: async () => {
      const { size, mtimeNs } = fstatSync(handle.fd, { bigint: true });
      if (size !== stamp.size || mtimeNs !== stamp.mtimeNs) throw fileChanged(path);
    },
  };
}

async function openRegular(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK, opening a pipe would wait for its writer. With this flag it returns at once, and the check
  // below refuses the pipe.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw explainFileError("read", path, error);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  const found = stats.isDirectory() ? "a folder" : "a pipe or a device";
  throw new AbtieError(
    "data",
    `${path} is ${found}, and a file with rows was expected: they are read again and again by position. Copy it to a regular file.`,
  );
}

/** Builds the error for a file with rows that are no longer at their old positions. */
export function fileChanged(path: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} was changed while it was being used: its rows are no longer where they were. Leave the file alone during a run, and start again.`,
  );
}
