import { parse } from "csv-parse/sync";
import { CSV_OPTIONS } from "./csv-dialect.ts";
import { openFile } from "./open-file.ts";
import { scanCsv } from "./scan-csv.ts";
import type { Source } from "./source.ts";

/**
 * Opens a CSV file with a header line. Throws AbtieError("data") when the file cannot be read or is not a regular file.
 */
export async function openCsv(path: string): Promise<Source> {
  const file = await openFile(path);
  return {
    path,
    scan: async (options) => {
      const digest = await scanCsv(file, options);
      await file.checkUnchanged();
      return digest;
    },
    read: async (position) => {
      const bytes = await file.readBytes(position);
      // The check follows the read, so it finds every change before the read and during it.
      await file.checkUnchanged();
      return parseRecord(bytes);
    },
    [Symbol.asyncDispose]: () => file.handle.close(),
  };
}

function parseRecord(bytes: Buffer): readonly string[] | null {
  try {
    return parse(bytes, CSV_OPTIONS)[0] ?? null;
  } catch {
    // These bytes were one record when the file was scanned. This line is reached only if the file changed without a
    // change of its size and time.
    return null;
  }
}
