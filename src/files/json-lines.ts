import { AbtieError } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";
import { exceeds } from "./json-shape.ts";

/** One line of a text file, without its newline. */
export interface Line {
  readonly text: string;
  /** Number of the line, counted from 1. */
  readonly number: number;
  /** False for a last line that does not end with a newline. */
  readonly whole: boolean;
}

const BLOCK_BYTES = 1 << 18;
/** Longest line (bytes): that of a failed request of a million rows has about half of it. */
const LONGEST_LINE = 16 << 20;
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
    if (rest.length > LONGEST_LINE) throw tooLong(path, number + 1);
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), number: number + 1, whole: false };
}

function tooLong(path: string, line: number): AbtieError {
  return new AbtieError(
    "data",
    `${path}, line ${line}: the line is longer than 16 MiB, so this program did not write it. The file was damaged or edited: ` +
      "restore it, or start a new run (--fresh, or another folder with --run).",
  );
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

/** The deepest nesting and the largest number of values that are parsed. The files of this program have a depth of about 8. */
const MOST = { depth: 64, values: 10_000_000 } as const;

/**
 * Parses JSON; undefined when the text is not JSON, or nested so deeply or with so many values that parsing it would hold
 * the thread or the reader of the value would run out of stack.
 */
export function parseJson(text: string): unknown {
  if (exceeds(text, MOST)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
