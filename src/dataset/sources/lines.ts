import { isUtf8 } from "node:buffer";

/**
 * Observes the bytes of a file while they are read, because csv-parse reports neither the line of an offset nor lines
 * that are not UTF-8.
 */
export interface Lines {
  /**
   * Adds the next bytes. Returns the numbers of the lines, counted from 1, that these bytes complete and that are not
   * UTF-8.
   */
  readonly add: (chunk: Buffer) => readonly number[];
  /** Completes the last line. Returns its number when the line is not UTF-8. */
  readonly end: () => readonly number[];
  /**
   * Returns the line of a byte offset. The offset must be at least that of the previous call, and at most the number of
   * bytes added.
   */
  readonly lineAt: (offset: number) => number;
}

const NEWLINE = 10;

/**
 * Starts at the first byte of a file. A line ends with "\n", as in editors, grep and sed, and therefore also with
 * "\r\n".
 */
export function createLines(): Lines {
  // Offsets of the line ends behind the last offset that was asked for. The list is only as long as the distance
  // between reader and parser.
  let ends: number[] = [];
  let asked = 0;
  let linesBefore = 0;
  let added = 0;
  let ended = 0;
  let rest: Buffer = Buffer.alloc(0);

  const check = (block: Buffer): readonly number[] => (isUtf8(block) ? [] : findBadLines(block, ended + 1));

  return {
    add: (chunk) => {
      if (asked > 0) {
        ends = ends.slice(asked);
        asked = 0;
      }
      let count = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
        ends.push(added + at);
        count += 1;
      }
      added += chunk.length;
      if (count === 0) {
        rest = Buffer.concat([rest, chunk]);
        return [];
      }
      // No byte inside a UTF-8 sequence is a line end, so cutting at a line end never cuts a character.
      const cut = chunk.lastIndexOf(NEWLINE) + 1;
      const bad = check(Buffer.concat([rest, chunk.subarray(0, cut)]));
      rest = Buffer.from(chunk.subarray(cut));
      ended += count;
      return bad;
    },
    end: () => check(rest),
    lineAt: (offset) => {
      for (let end = ends[asked]; end !== undefined && end < offset; end = ends[asked]) {
        asked += 1;
        linesBefore += 1;
      }
      return linesBefore + 1;
    },
  };
}

function findBadLines(block: Buffer, firstLine: number): readonly number[] {
  const bad: number[] = [];
  let start = 0;
  for (let line = firstLine; start < block.length; line += 1) {
    const end = block.indexOf(NEWLINE, start);
    const stop = end === -1 ? block.length : end;
    if (!isUtf8(block.subarray(start, stop))) bad.push(line);
    start = stop + 1;
  }
  return bad;
}
