import type { InfoRecord } from "csv-parse";
import { AbtieError } from "../../errors.ts";
import type { Header } from "../columns.ts";
import type { Problems } from "../problems.ts";

/** One record of a CSV file and where it stands in it. */
export interface CsvRecord {
  readonly fields: readonly string[];
  /** Line of its first byte, counted from 1. */
  readonly line: number;
  /** Offset in bytes of its first byte; empty lines before it are included. */
  readonly start: number;
  /** Offset in bytes behind its line end. */
  readonly end: number;
}

/** Who gets the records of a file. */
export interface RecordHandlers {
  readonly path: string;
  /** Gets the rows that have another number of cells than the header. */
  readonly problems: Problems;
  readonly onHeader: (header: Header) => void;
  /** Is called for each other row; no more when it returns "stop". */
  readonly onRow: (row: CsvRecord) => "stop" | "go on";
}

/** The records of one file while it is parsed. */
export interface Records {
  /** Takes what the parser reports of a record. */
  readonly add: (fields: readonly string[], info: InfoRecord) => null;
  /** Number of records so far, with the header. */
  readonly count: () => number;
  readonly stopped: () => boolean;
  readonly header: () => readonly string[];
  /** Line at which the record behind the last one begins, given the parser's count of empty lines. */
  readonly nextLine: (emptyLines: number) => number;
}

/** Turns what the parser reports into records with their place, and hands them on. */
export function createRecords(options: RecordHandlers, lineAt: (offset: number) => number): Records {
  let header: readonly string[] = [];
  let count = 0;
  let stopped = false;
  let start = 0;
  let emptyLinesBefore = 0;
  const nextLine = (emptyLines: number): number => lineAt(start) + emptyLines - emptyLinesBefore;

  const hand = (record: CsvRecord): void => {
    if (count === 1) {
      header = record.fields;
      refuseMacLineEnds(options.path, header);
      options.onHeader({ path: options.path, line: record.line, names: header });
    } else if (record.fields.length === header.length) {
      stopped = options.onRow(record) === "stop";
    } else {
      const text = `the row has ${record.fields.length} cells, the header has ${header.length}`;
      options.problems.add(CELLS_REMEDY, { line: record.line, text });
    }
  };

  return {
    // Returning null keeps the parser from collecting the records.
    add: (fields, info) => {
      if (stopped) return null;
      count += 1;
      hand({ fields, line: nextLine(info.empty_lines), start, end: info.bytes });
      start = info.bytes;
      emptyLinesBefore = info.empty_lines;
      return null;
    },
    count: () => count,
    stopped: () => stopped,
    header: () => header,
    nextLine,
  };
}

function refuseMacLineEnds(path: string, header: readonly string[]): void {
  if (!header.some((name) => name.includes("\r"))) return;
  throw new AbtieError(
    "data",
    `${path}, line 1: the header holds a carriage return, as in files with the line ends of old Macs. Convert it: tr '\\r' '\\n'.`,
  );
}

const CELLS_REMEDY = "Each row needs one cell for each column; a cell with a comma in it must be quoted.";
