import type { JournalFile } from "./open-file.ts";

/** Lines that are not in the file yet, and the position at which they will be written. */
export interface Backlog {
  /** Adds a line, newline included. */
  readonly push: (line: string) => void;
  /** Length of the waiting lines in UTF-16 units, which is about their length in bytes. */
  readonly size: () => number;
  /** Number of waiting lines; a line that is only partly written counts. */
  readonly lines: () => number;
  /**
   * Writes all waiting lines in order. Throws the error of the file; the next call continues at the byte where this one
   * stopped.
   */
  readonly write: () => Promise<void>;
}

/** Makes an empty backlog. Its first line is written at this position of the file. */
export function createBacklog(file: JournalFile, position: number): Backlog {
  let waiting: string[] = [];
  let waitingSize = 0;
  let block: { readonly bytes: Buffer; readonly lines: number } | undefined;
  let next = position;
  let done = 0;

  const writeBlock = async (bytes: Buffer): Promise<void> => {
    while (done < bytes.length) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, next);
      if (bytesWritten === 0) throw new Error("the file takes no more bytes");
      done += bytesWritten;
      next += bytesWritten;
    }
  };

  return {
    push: (line) => {
      waiting.push(line);
      waitingSize += line.length;
    },
    size: () => waitingSize + (block === undefined ? 0 : block.bytes.length - done),
    lines: () => waiting.length + (block?.lines ?? 0),
    write: async () => {
      while (block !== undefined || waiting.length > 0) {
        if (block === undefined) {
          block = { bytes: Buffer.from(waiting.join(""), "utf8"), lines: waiting.length };
          done = 0;
          waiting = [];
          waitingSize = 0;
        }
        await writeBlock(block.bytes);
        block = undefined;
      }
    },
  };
}
