import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";

/** One line of a text file, without its newline. */
export interface Line {
  readonly text: string;
  /** Number of the line, counted from 1. */
  readonly number: number;
  /** False for a last line that does not end with a newline. */
  readonly whole: boolean;
}

const BLOCK_BYTES = 1 << 18;
const NEWLINE = 0x0a;

/**
 * Reads a UTF-8 file line by line; only one block of the file is in memory. Throws AbtieError("data") when the file
 * cannot be read.
 */
export async function* readLines(path: string, disk: Disk = nodeDisk): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const block of readBlocks(path, disk)) {
    let start = 0;
    for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
      const piece = block.subarray(start, end);
      const text = (rest.length === 0 ? piece : Buffer.concat([rest, piece])).toString("utf8");
      rest = Buffer.alloc(0);
      number += 1;
      start = end + 1;
      yield { text, number, whole: true };
    }
    rest = Buffer.concat([rest, block.subarray(start)]);
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), number: number + 1, whole: false };
}

async function* readBlocks(path: string, disk: Disk): AsyncGenerator<Buffer> {
  try {
    const file = await disk.open(path, "r");
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
        const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}

/** Parses JSON; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
