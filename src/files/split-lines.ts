/** One line of a file as bytes, with its line end. */
export interface RawLine {
  readonly bytes: Buffer;
  /** Number of the line, counted from 1. */
  readonly number: number;
  /** Offset of the line in the file, bytes. */
  readonly start: number;
}

/** Cuts the bytes of a file into lines. Only the line that has not ended yet is in memory. */
export interface LineSplitter {
  /** Adds the next bytes, and gives the lines that they complete. */
  readonly add: (chunk: Buffer) => Generator<RawLine>;
  /** Gives the last line if it has no line end. */
  readonly end: () => Generator<RawLine>;
}

const NEWLINE = 0x0a;

/** Starts at the first byte of a file. Throws the error of `tooLong` for a line of more than `longest` bytes. */
export function createLineSplitter(longest: number, tooLong: (number: number) => Error): LineSplitter {
  let pieces: Buffer[] = [];
  let length = 0;
  let start = 0;
  let number = 1;
  const keep = (piece: Buffer): void => {
    pieces.push(piece);
    length += piece.length;
    if (length > longest) throw tooLong(number);
  };
  const take = (): RawLine => {
    const line = { bytes: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), number, start };
    start += length;
    number += 1;
    pieces = [];
    length = 0;
    return line;
  };
  return {
    add: function* (chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at + 1));
        yield take();
        from = at + 1;
      }
      if (from < chunk.length) keep(Buffer.from(chunk.subarray(from)));
    },
    end: function* () {
      if (length > 0) yield take();
    },
  };
}
