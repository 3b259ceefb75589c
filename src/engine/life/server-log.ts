import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Disk, nodeDisk } from "../../files/disk.ts";
import { createFolder } from "../../files/folder.ts";

/** The log of one start of a server. Earlier starts may have written into the same file. */
export interface ServerLog {
  readonly path: string;
  /** Reads the complete lines that were added since the last call. */
  readonly newLines: () => Promise<readonly string[]>;
  /** Reads the last lines of this start, at most `LARGEST` bytes. */
  readonly lines: () => Promise<readonly string[]>;
}

/**
 * Number of bytes that contains the whole log of a start. A server that ran for hours logs the cause of its end in the
 * last part.
 */
const LARGEST = 1_000_000;

/** Opens the log of a server that is about to start. Skips lines of earlier starts. */
export async function openServerLog(path: string): Promise<ServerLog> {
  await createFolder(dirname(path), nodeDisk, "owner");
  // The file is created before the server starts, so that a folder without write permission gives a clear error.
  await (await open(path, "a", 0o600)).close();
  const begin = await sizeOf(path);
  let next = begin;
  let partial = "";
  return {
    path,
    newLines: async () => {
      const size = await sizeOf(path);
      const lines = (partial + (await readPart(path, Math.max(next, size - LARGEST), size))).split(/\r?\n|\r/);
      next = size;
      partial = lines.pop() ?? "";
      return lines;
    },
    lines: async () => linesBetween(path, begin, await sizeOf(path)),
  };
}

/** Returns the size of a log in bytes; 0 when there is none. */
export async function logSize(path: string, disk: Disk): Promise<number> {
  return sizeOf(path, disk).catch(() => 0);
}

/** Reads the last lines of a log after its first `begin` bytes, at most `LARGEST` bytes; empty when there is none. */
export async function lastLines(path: string, begin: number, disk: Disk): Promise<readonly string[]> {
  return linesBetween(path, begin, await logSize(path, disk), disk);
}

async function linesBetween(path: string, from: number, to: number, disk?: Disk): Promise<readonly string[]> {
  const text = await readPart(path, Math.max(from, to - LARGEST), to, disk);
  return text.split(/\r?\n|\r/).filter((line) => line.trim() !== "");
}

async function sizeOf(path: string, disk: Disk = nodeDisk): Promise<number> {
  return (await disk.stat(path)).size;
}

async function readPart(path: string, from: number, to: number, disk: Disk = nodeDisk): Promise<string> {
  if (to <= from) return "";
  const file = await disk.open(path, "r");
  try {
    const buffer = Buffer.alloc(to - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
