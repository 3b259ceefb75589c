import type { Problems } from "./problems.ts";

/**
 * An open file of records; today only CSV. Each kind of file finds its records and reads them again in its own way. All
 * other code sees only named cells, and the line in which a person finds a record in the file.
 */
export interface Source extends AsyncDisposable {
  readonly path: string;
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
  readonly read: (position: RecordPosition) => Promise<readonly string[] | null>;
}

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
  /** Line in the file, counted from 1. */
  readonly line: number;
  readonly names: readonly string[];
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
  readonly cells: readonly string[];
  /** Line at which the record begins, counted from 1. */
  readonly line: number;
}

/** Hash and size that identify the whole file, even if the scan was stopped early. */
export interface FileDigest {
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  /** Size of the file, bytes. */
  readonly bytes: number;
}
