import {
  type AsyncBuffer,
  type FileMetaData,
  type ParquetReadOptions,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AbtieError, messageOf } from "../../errors.ts";
import type { OpenFile } from "./open-file.ts";
import { findPages, type PageLocations } from "./parquet-pages.ts";

/** Bytes of decoded rows that are in memory at a time, because a file may have all its rows in one row group. */
const USUAL_BYTES = 1 << 24;
/** Number of rows that are decoded at a time, at most. */
const ROWS_AT_ONCE = 5_000;

/**
 * Reads the records of a Parquet file, some rows of a row group at a time: of each column only the pages that hold these
 * rows. Tests set the decoded bytes that are in memory at a time. Throws AbtieError("data") when the file is damaged or uses a
 * feature that the library cannot read.
 */
export async function* parquetRecords(
  file: OpenFile,
  bytes: number,
  bytesAtOnce: number = USUAL_BYTES,
): AsyncGenerator<object> {
  const buffer = bufferOf(file, bytes);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(buffer);
  } catch (error) {
    throw damaged(file.path, "its footer cannot be read", error);
  }
  const pagesByGroup: Readonly<Record<string, PageLocations>>[] = [];
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const step = rowsAtOnce(group, bytesAtOnce);
    pagesByGroup.push(end - start > step ? await pagesOf(file.path, buffer, metadata, group) : {});
    for (let from = start; from < end; from += step) {
      yield* await readRows({ file, buffer, metadata, pagesByGroup }, from, Math.min(end, from + step));
    }
    start = end;
  }
}

function rowsAtOnce({ num_rows: rows, total_byte_size: bytes }: RowGroup, bytesAtOnce: number): number {
  const most = bytesAtOnce / Math.max(1, Number(bytes) / Math.max(1, Number(rows)));
  return Math.min(ROWS_AT_ONCE, Math.max(1, Math.floor(most)));
}

async function pagesOf(
  path: string,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
): Promise<Readonly<Record<string, PageLocations>>> {
  try {
    return await findPages(buffer, metadata, group);
  } catch (error) {
    if (error instanceof AbtieError) throw error;
    throw damaged(path, "its pages cannot be found", error);
  }
}

interface OpenParquet {
  readonly file: OpenFile;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** The pages of each row group so far. */
  readonly pagesByGroup: readonly Readonly<Record<string, PageLocations>>[];
}

/** The option of hyparquet for known pages, which its types leave out: `parquetPlan` reads it. */
type ReadOptions = Omit<ParquetReadOptions, "onComplete"> & {
  readonly pageLocationsByGroup: OpenParquet["pagesByGroup"];
};

async function readRows(
  { file, buffer, metadata, pagesByGroup }: OpenParquet,
  rowStart: number,
  rowEnd: number,
): Promise<readonly object[]> {
  try {
    const options: ReadOptions = {
      file: buffer,
      metadata,
      rowStart,
      rowEnd,
      compressors,
      useOffsetIndex: true,
      pageLocationsByGroup: pagesByGroup,
    };
    return await parquetReadObjects(options);
  } catch (error) {
    if (error instanceof AbtieError) throw error;
    throw damaged(file.path, `the rows ${rowStart + 1} to ${rowEnd} cannot be read`, error);
  }
}

function bufferOf(file: OpenFile, bytes: number): AsyncBuffer {
  return {
    byteLength: bytes,
    slice: async (start, end = bytes) => {
      const read = await file.readBytes({ start, bytes: end - start });
      // A copy, because a small Buffer is a part of a larger memory block that it shares with others.
      return new Uint8Array(read).buffer;
    },
  };
}

function damaged(path: string, what: string, error: unknown): AbtieError {
  return new AbtieError(
    "data",
    `${path} is a Parquet file, and ${what} (${messageOf(error)}). Copy or download it again, or write it anew with pandas: df.to_parquet(NEW).`,
    { cause: error },
  );
}
