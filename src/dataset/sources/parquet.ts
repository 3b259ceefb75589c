import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AbtieError, messageOf } from "../../errors.ts";
import type { OpenFile } from "./open-file.ts";

/** Number of rows that are decoded at a time, because a file may have all its rows in one row group. */
const ROWS_AT_ONCE = 5_000;

/**
 * Reads the records of a Parquet file, ROWS_AT_ONCE rows of a row group at a time. Throws
 * AbtieError("data") when the file is damaged or uses a feature that the library cannot read.
 */
export async function* parquetRecords(file: OpenFile, bytes: number): AsyncGenerator<object> {
  const buffer = bufferOf(file, bytes);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(buffer);
  } catch (error) {
    throw damaged(file.path, "its footer cannot be read", error);
  }
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    for (let from = start; from < end; from += ROWS_AT_ONCE) {
      yield* await readRows({ file, buffer, metadata }, from, Math.min(end, from + ROWS_AT_ONCE));
    }
    start = end;
  }
}

async function readRows(
  { file, buffer, metadata }: { file: OpenFile; buffer: AsyncBuffer; metadata: FileMetaData },
  rowStart: number,
  rowEnd: number,
): Promise<readonly object[]> {
  try {
    return await parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd, compressors });
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
