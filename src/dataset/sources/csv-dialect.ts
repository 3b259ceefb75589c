import type { CsvError, Options } from "csv-parse";
import { MAX_RECORD_BYTES } from "./source.ts";

/**
 * The options for parsing CSV. They are the same for the scan and for reading one row again. Both line ends are
 * accepted, even in one file, because its parts may come from two systems. A single "\r" belongs to its cell, because
 * some programs write it there without quotes.
 */
export const CSV_OPTIONS = {
  record_delimiter: ["\r\n", "\n"],
  skip_empty_lines: true,
  relax_column_count: true,
  max_record_size: MAX_RECORD_BYTES,
} as const satisfies Options;

/** Explains why the parser could not read a record. */
export function explainQuoting(error: CsvError, header: readonly string[]): string {
  const column: unknown = error["column"];
  const name = typeof column === "number" ? header[column] : undefined;
  const cell = name === undefined ? "a cell" : `the cell "${name}"`;
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return `the row begins here, and the quote that opens ${cell} is never closed`;
    case "CSV_INVALID_CLOSING_QUOTE":
      return `the row begins here, and in ${cell} a quote is not doubled, or text follows the closing quote`;
    case "INVALID_OPENING_QUOTE":
      return `the row begins here, and ${cell} holds a quote but does not begin with one`;
    case "CSV_MAX_RECORD_SIZE":
      return `the row begins here and is longer than ${MAX_RECORD_BYTES / 1024 ** 2} MB; most likely the quote that opens ${cell} is never closed`;
    default:
      return `the row begins here and cannot be read: ${error.message}`;
  }
}

/** The correct form of cells with quotes. */
export const QUOTING_REMEDY =
  'A cell with a quote, a comma or a line break begins and ends with a quote, and each quote inside is doubled: "He said ""yes""".';
