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
    parse: (records) => parseRecords(records, delimiter),
  });
}

/**
 * Parses the bytes of records. The parser needs as long to start as for the bytes of a short record, so it gets all of them in one text:
 * empty lines between them are skipped.
 */
function parseRecords(records: readonly Buffer[], delimiter: string): readonly (readonly string[] | null)[] {
  const bytes = records.reduce((sum, { length }) => sum + length, 0);
  const together =
    bytes > MOST_TOGETHER ? null : parseText(Buffer.concat(records.flatMap((record) => [record, LINE_END])), delimiter);
  if (together?.length === records.length) return together;
  return records.map((record) => parseText(record, delimiter)?.[0] ?? null);
}

/** Not "\n" alone: a "\r" at the end of the file belongs to its cell. */
const LINE_END = Buffer.from("\r\n");
/** Long records are parsed one by one: the start of the parser is nothing beside them. */
const MOST_TOGETHER = 1024 * 1024;

function parseText(bytes: Buffer, delimiter: string): readonly (readonly string[])[] | null {
  try {
    return parse(bytes, { ...CSV_OPTIONS, delimiter });
  } catch {
    // Each record was one when the file was scanned. This line is reached only if the file changed without a change of its size and time.
    return null;
  }
}
