import type { Problems } from "./problems.ts";

/**
 * A file of records, opened: CSV today. Each kind of file finds its records and reads them again in its own way; everything
 * else sees named cells, and a line by which a person finds a record in the file.
 */
export interface Source extends AsyncDisposable {
  readonly path: string;
  /**
   * Reads the file once from its beginning, in constant memory. Throws AbtieError("data") when the file is empty, has no
   * records, or is so broken that nothing behind the fault can be trusted; rejects with the signal's reason when it aborts.
   */
  readonly scan: (options: ScanOptions) => Promise<FileDigest>;
  /**
   * Reads the cells of one record again; null when its bytes are no record any more. Calls may overlap.
   * Throws AbtieError("data") when the file was written to since it was opened.
   */
  readonly read: (position: RecordPosition) => Promise<readonly string[] | null>;
}

/** Receives what a scan finds. */
export interface ScanOptions {
  /** Receives the records that are not well-formed, each with its line. */
  readonly problems: Problems;
  /** Receives the names of the cells, before the first record. */
  readonly onHeader: (header: Header) => void;
  /** Receives each well-formed record, in the order of the file; none after it returned "stop". */
  readonly onRecord: (record: SourceRecord) => "stop" | "go on";
  readonly signal?: AbortSignal | undefined;
  /** Bytes read at a time, for tests. */
  readonly chunkBytes?: number;
}

/** The names of the cells of every record. */
export interface Header {
  readonly path: string;
  /** Line in the file, counted from 1. */
  readonly line: number;
  readonly names: readonly string[];
}

/** Where a record is in its file, in bytes. */
export interface RecordPosition {
  /** Offset of the first byte; empty lines before the record belong to it. */
  readonly start: number;
  /** Length, the line end included. */
  readonly bytes: number;
}

/** One record of a file. */
export interface SourceRecord extends RecordPosition {
  /** The cells in the order of the header's names. */
  readonly cells: readonly string[];
  /** Line at which the record begins, counted from 1. */
  readonly line: number;
}

/** Identifies the whole file, also where a scan was stopped early. */
export interface FileDigest {
  /** 64 hex digits. */
  readonly sha256: string;
  /** Size of the file. */
  readonly bytes: number;
}
