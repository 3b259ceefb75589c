import type { OpenFile } from "./open-file.ts";
import type { Unit } from "./problems.ts";
import type { DataCell, Source } from "./source.ts";

/**
 * Makes the source of a file whose records are read where they stand. `parse` gives the cells of the bytes of one record;
 * null when they are no record. Disposing the source closes the file.
 */
export function sourceInPlace(
  file: OpenFile,
  unit: Unit,
  { scan, parse }: { readonly scan: Source["scan"]; readonly parse: (bytes: Buffer) => readonly DataCell[] | null },
): Source {
  return {
    path: file.path,
    unit,
    scan: async (options) => {
      const digest = await scan(options);
      await file.checkUnchanged();
      return digest;
    },
    read: async (position) => {
      const bytes = await file.readBytes(position);
      // The check follows the read, so it finds every change before the read and during it.
      await file.checkUnchanged();
      return parse(bytes);
    },
    [Symbol.asyncDispose]: () => file.handle.close(),
  };
}
