import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { assembleNested } from "hyparquet/src/assemble.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getTreePath } from "hyparquet/src/schema.js";
import { AbtieError, messageOf } from "../../errors.ts";
import type { OpenFile } from "./open-file.ts";
import { type ColumnReader, createColumnReader } from "./parquet-column.ts";

/** Bytes of decoded rows that are in memory at a time, because a file may have all its rows in one row group. */
const USUAL_BYTES = 1 << 22;
/** Number of rows that are decoded at a time, at most. */
const ROWS_AT_ONCE = 5_000;

/**
 * Reads the records of a Parquet file, some rows of a row group at a time. Tests set the decoded bytes that are in memory
 * at a time. Throws AbtieError("data") when the file is damaged or uses a feature that the library cannot read.
 */
export async function* parquetRecords(
  file: OpenFile,
  bytes: number,
  bytesAtOnce: number = USUAL_BYTES,
): AsyncGenerator<object> {
  const buffer = bufferOf(file, bytes);
  const metadata = await explained(file.path, "its footer cannot be read", () => parquetMetadataAsync(buffer));
  let start = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const step = rowsAtOnce(group, bytesAtOnce);
    const columns = await explained(file.path, "its columns cannot be read", async () =>
      columnsOf(buffer, metadata, group),
    );
    for (let from = 0; from < rows; from += step) {
      const count = Math.min(step, rows - from);
      const where = `the rows ${start + from + 1} to ${start + from + count} cannot be read`;
      yield* await explained(file.path, where, () => takeRecords(columns, count));
    }
    start += rows;
  }
}

function rowsAtOnce({ num_rows: rows, total_byte_size: bytes }: RowGroup, bytesAtOnce: number): number {
  const most = bytesAtOnce / Math.max(1, Number(bytes) / Math.max(1, Number(rows)));
  return Math.min(ROWS_AT_ONCE, Math.max(1, Math.floor(most)));
}

/** A named column of the records: one column of the file, or several that make lists and objects. */
interface RecordColumn {
  readonly schema: SchemaTree;
  readonly parts: readonly { readonly path: string; readonly reader: ColumnReader }[];
}

function columnsOf(file: AsyncBuffer, metadata: FileMetaData, group: RowGroup): readonly RecordColumn[] {
  const root = parquetSchema(metadata);
  return root.children.map((schema) => ({
    schema,
    parts: group.columns.flatMap(({ meta_data: column, file_path }) => {
      if (file_path !== undefined) throw new Error("its columns are in other files");
      if (column === undefined || column.path_in_schema[0] !== schema.element.name) return [];
      const reader = createColumnReader(file, column, getTreePath(root, column.path_in_schema));
      return [{ path: column.path_in_schema.join("."), reader }];
    }),
  }));
}

async function takeRecords(columns: readonly RecordColumn[], rows: number): Promise<readonly object[]> {
  const taken: { readonly name: string; readonly values: DecodedArray }[] = [];
  for (const column of columns) {
    taken.push({ name: column.schema.element.name, values: await takeValues(column, rows) });
  }
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(taken.map(({ name, values }) => [name, values[row]])),
  );
}

async function takeValues({ schema, parts }: RecordColumn, rows: number): Promise<DecodedArray> {
  const values = new Map<string, DecodedArray>();
  for (const { path, reader } of parts) values.set(path, await reader.take(rows));
  if (schema.children.length > 0) assembleNested(values, schema, DEFAULT_PARSERS);
  const assembled = values.get(schema.element.name);
  if (assembled === undefined) throw new Error(`the column ${schema.element.name} has no values`);
  return assembled;
}

async function explained<T>(path: string, what: string, reading: () => Promise<T>): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    if (error instanceof AbtieError) throw error;
    throw damaged(path, what, error);
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
