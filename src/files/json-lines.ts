import { AbtieError } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { exceeds } from "./json-shape.ts";
import { readBlocks } from "./read-blocks.ts";
import { createLineSplitter, type RawLine } from "./split-lines.ts";

/** One line of a text file, without its newline. */
export interface Line {
  readonly text: string;
  /** Number of the line, counted from 1. */
  readonly number: number;
  /** False for a last line that does not end with a newline. */
  readonly whole: boolean;
}

/** Longest line (bytes): that of a failed request of a million rows has about half of it. */
const LONGEST_LINE = 16 << 20;

/**
 * Reads a UTF-8 file line by line; only one block of the file is in memory. Throws AbtieError("data") when the file
 * cannot be read.
 */
export async function* readLines(path: string, disk: Disk = nodeDisk): AsyncGenerator<Line> {
  const lines = createLineSplitter(LONGEST_LINE, (number) => tooLong(path, number));
  for await (const block of readBlocks(path, disk)) {
    for (const line of lines.add(block)) yield toLine(line);
  }
  for (const line of lines.end()) yield toLine(line);
}

function toLine({ bytes, number }: RawLine): Line {
  const text = bytes.toString("utf8");
  const whole = text.endsWith("\n");
  return { text: whole ? text.slice(0, -1) : text, number, whole };
}

function tooLong(path: string, line: number): AbtieError {
  return new AbtieError(
    "data",
    `${path}, line ${line}: the line is longer than 16 MiB, so this program did not write it. The file was damaged or edited: ` +
      "restore it, or start a new run (--fresh, or another folder with --run).",
  );
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
