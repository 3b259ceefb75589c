import type { Problems, Unit } from "./problems.ts";

/**
 * An open file of records: CSV and JSON Lines are read in place, every other kind is converted to JSON Lines in a
 * temporary file. All other code sees only named cells, and the place at which a person finds a record in the file.
 */
export interface Source extends AsyncDisposable {
  readonly path: string;
  /** The unit in which `SourceRecord.line` counts: lines of the file, or its rows where it has no lines. */
  readonly unit: Unit;
  /**
   * Reads the file once from its beginning, in constant memory. Throws AbtieError("data") when the file is empty, has
   * no records, or has an error after which no further record can be trusted. Rejects with the signal's reason when it
   * aborts.
   */
  readonly scan: (options: ScanOptions) => Promise<FileDigest>;
  /**
   * Reads the cells of one record again; null when its bytes are no longer a record. Calls may overlap. Throws
   * AbtieError("data") when a process has written to the file since it was opened.
   */
  readonly read: (position: RecordPosition) => Promise<readonly DataCell[] | null>;
}

/** The content of a cell: a text in CSV, any JSON value in the other kinds, undefined where a record lacks the name. */
export type DataCell = unknown;

/** The receivers of the results of a scan. */
export interface ScanOptions {
  /** Receives the records that are not well-formed, each with its line. */
  readonly problems: Problems;
  /** Receives the names of the cells, before the first record. */
  readonly onHeader: (header: Header) => void;
  /**
   * Receives each well-formed record, in the order of the file. After it returned "stop", it receives no further
   * record.
   */
  readonly onRecord: (record: SourceRecord) => "stop" | "go on";
  readonly signal?: AbortSignal | undefined;
  /** Number of bytes that are read at a time; set by tests. */
  readonly chunkBytes?: number;
}

/** The names of the cells of every record. */
export interface Header {
  readonly path: string;
  /** Line in the file, counted from 1; null where the names stand in the records themselves. */
  readonly line: number | null;
  readonly names: readonly string[];
  /** What a person calls the names in this kind of file: the beginning of a sentence. */
  readonly called: "The header is" | "The keys of the records are" | "The columns of the file are";
}

/** The position of a record in its file, in bytes. */
export interface RecordPosition {
  /** Offset of the first byte. Empty lines before the record belong to the record. */
  readonly start: number;
  /** Length, including the line end. */
  readonly bytes: number;
}

/** One record of a file. */
export interface SourceRecord extends RecordPosition {
  /** The cells in the order of the header's names. */
  readonly cells: readonly DataCell[];
  /** Line at which the record begins, or number of the row, counted from 1; see `Source.unit`. */
  readonly line: number;
}

/** Hash and size that identify the whole file, even if the scan was stopped early. */
export interface FileDigest {
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  /** Size of the file, bytes. */
  readonly bytes: number;
}

/** Longest record in bytes. A longer one most likely has a quote or bracket that is never closed. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** Deepest nesting of lists and objects in a record: a value that is nested far deeper cannot be written as text again. */
export const MAX_RECORD_DEPTH = 256;
