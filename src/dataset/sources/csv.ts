import { parse } from "csv-parse/sync";
import { CSV_OPTIONS } from "./csv-dialect.ts";
import { sourceInPlace } from "./in-place.ts";
import type { OpenFile } from "./open-file.ts";
import { scanCsv } from "./scan-csv.ts";
import type { Source } from "./source.ts";

/** Reads an open CSV file with a header line. Disposing the source closes the file. */
export function csvSource(file: OpenFile, delimiter: string): Source {
  return sourceInPlace(file, "line", {
    scan: (options) => scanCsv(file, delimiter, options),
    parse: (bytes) => parseRecord(bytes, delimiter),
  });
}

function parseRecord(bytes: Buffer, delimiter: string): readonly string[] | null {
  try {
    return parse(bytes, { ...CSV_OPTIONS, delimiter })[0] ?? null;
  } catch {
    // These bytes were one record when the file was scanned. This line is reached only if the file changed without a
    // change of its size and time.
    return null;
  }
}
