import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Reads a server's log from where this start of it began. */
export interface ServerLog {
  readonly path: string;
  /** Complete lines that came since the last call. */
  readonly news: () => Promise<readonly string[]>;
  /** The last lines of this start, at most `LARGEST` bytes of them. */
  readonly lines: () => Promise<readonly string[]>;
}

/** Enough for every start; a server that ran for hours names the cause of its end in the last part. */
const LARGEST = 1_000_000;

/** Opens the log of a server that is about to start; what an earlier start wrote into the same file is left out. */
export async function openServerLog(path: string): Promise<ServerLog> {
  await mkdir(dirname(path), { recursive: true });
  // Created here, where a folder that cannot be written is told in words.
  await (await open(path, "a")).close();
  const begin = await sizeOf(path);
  let next = begin;
  let partial = "";
  return {
    path,
    news: async () => {
      const size = await sizeOf(path);
      const lines = (partial + (await readPart(path, Math.max(next, size - LARGEST), size))).split(/\r?\n|\r/);
      next = size;
      partial = lines.pop() ?? "";
      return lines;
    },
    lines: async () => {
      const size = await sizeOf(path);
      const text = await readPart(path, Math.max(begin, size - LARGEST), size);
      return text.split(/\r?\n|\r/).filter((line) => line.trim() !== "");
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

async function readPart(path: string, from: number, to: number): Promise<string> {
  if (to <= from) return "";
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(to - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
