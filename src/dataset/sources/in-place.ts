import type { OpenFile } from "./open-file.ts";
import type { Unit } from "./problems.ts";
import type { DataCell, RecordPosition, Source } from "./source.ts";

type Cells = readonly DataCell[] | null;

/** Stands for the bytes of a record that could not be read. */
const NOTHING = Buffer.alloc(0);

/**
 * Makes the source of a file whose records are read where they stand. `parse` gives the cells of the bytes of each record; null for
 * bytes that are no record. Records that are asked for at the same time are parsed together. Disposing the source closes the file.
 */
export function sourceInPlace(
  file: OpenFile,
  unit: Unit,
  { scan, parse }: { readonly scan: Source["scan"]; readonly parse: (records: readonly Buffer[]) => readonly Cells[] },
): Source {
  let asked: Asked[] = [];
  const answer = async (): Promise<void> => {
    const now = asked;
    asked = [];
    const reads = await Promise.allSettled(now.map(({ position }) => file.readBytes(position)));
    try {
      // The check follows the reads, so it finds every change before a read and during it.
      await file.checkUnchanged();
      const cells = parse(reads.map((read) => (read.status === "fulfilled" ? read.value : NOTHING)));
      for (const [at, { resolve, reject }] of now.entries()) {
        const read = reads[at];
        if (read?.status === "rejected") reject(read.reason);
        else resolve(cells[at] ?? null);
      }
    } catch (error) {
      for (const { reject } of now) reject(error);
    }
  };
  return {
    path: file.path,
    unit,
    scan: async (options) => {
      const digest = await scan(options);
      await file.checkUnchanged();
      return digest;
    },
    read: (position) =>
      new Promise((resolve, reject) => {
        asked.push({ position, resolve, reject });
        if (asked.length === 1) queueMicrotask(() => void answer());
      }),
    [Symbol.asyncDispose]: () => file.handle.close(),
  };
}

interface Asked {
  readonly position: RecordPosition;
  readonly resolve: (cells: Cells) => void;
  readonly reject: (error: unknown) => void;
}
