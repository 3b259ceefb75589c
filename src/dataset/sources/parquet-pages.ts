import type {
  AsyncBuffer,
  ColumnMetaData,
  DataReader,
  FileMetaData,
  OffsetIndex,
  PageHeader,
  RowGroup,
  SchemaTree,
} from "hyparquet";
import { parquetSchema } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";

/** The places of the pages of one column of a row group, in their order. */
export type PageLocations = OffsetIndex["page_locations"];

/**
 * Finds the pages of each column of a row group, by the name of the column with dots. Pages are what a file without an
 * offset index (pandas and pyarrow write none) can be read by in parts: without their places, each part would decode the
 * row group from its beginning. Columns that have an offset index are left out. Reads the headers of all pages, and of
 * pages with lists the levels that show where a row begins (`format/Encodings.md` of Apache Parquet).
 */
export async function findPages(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
): Promise<Readonly<Record<string, PageLocations>>> {
  const schema = parquetSchema(metadata);
  const found: Record<string, PageLocations> = {};
  for (const { meta_data: column, offset_index_offset: index } of group.columns) {
    if (column === undefined || index !== undefined) continue;
    found[column.path_in_schema.join(".")] = await pagesOf(file, column, getTreePath(schema, column.path_in_schema));
  }
  return found;
}

async function pagesOf(file: AsyncBuffer, column: ColumnMetaData, path: SchemaTree[]): Promise<PageLocations> {
  const { start, end } = bytesOf(column);
  const levels = getMaxRepetitionLevel(path);
  const pages: PageLocations = [];
  let row = 0n;
  for (let offset = start; offset < end; ) {
    const { header, length } = await readHeader(file, offset, end);
    const next = offset + length + header.compressed_page_size;
    if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2") {
      const bytes = (): Promise<Uint8Array> => readBytes(file, offset + length, next);
      const { rows, continues } = await rowsOf(header, bytes, { column, levels });
      const last = pages.at(-1);
      // A page that begins inside a row is read together with the page before it.
      if (continues && last !== undefined) last.compressed_page_size = next - Number(last.offset);
      else pages.push({ offset: BigInt(offset), compressed_page_size: next - offset, first_row_index: row });
      row += BigInt(rows);
    }
    offset = next;
  }
  return pages;
}

/** The bytes of a column: its dictionary, where it has one, and its pages. */
function bytesOf(column: ColumnMetaData): { readonly start: number; readonly end: number } {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  return { start, end: start + Number(column.total_compressed_size) };
}

interface PageRows {
  /** Number of rows that begin in the page. */
  readonly rows: number;
  /** True when the first value belongs to a row that began earlier. */
  readonly continues: boolean;
}

async function rowsOf(
  header: PageHeader,
  bytes: () => Promise<Uint8Array>,
  { column, levels }: { readonly column: ColumnMetaData; readonly levels: number },
): Promise<PageRows> {
  const { data_page_header: first, data_page_header_v2: second } = header;
  if (second !== undefined) return { rows: second.num_rows, continues: false };
  const values = first?.num_values ?? 0;
  if (levels === 0) return { rows: values, continues: false };
  const page = decompressPage(await bytes(), Number(header.uncompressed_page_size), column.codec, compressors);
  const repetition = new Array<number>(values);
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
  readRleBitPackedHybrid(reader, 32 - Math.clz32(levels), repetition);
  return { rows: repetition.filter((level) => level === 0).length, continues: repetition[0] !== 0 };
}

/** A header has the smallest and the largest value of its page, which may be long texts. */
const HEADER_BYTES = [1 << 10, 1 << 16, 1 << 22] as const;

async function readHeader(
  file: AsyncBuffer,
  offset: number,
  end: number,
): Promise<{ readonly header: PageHeader; readonly length: number }> {
  for (const bytes of HEADER_BYTES) {
    const view = new DataView(await file.slice(offset, Math.min(end, offset + bytes)));
    const reader: DataReader = { view, offset: 0 };
    try {
      return { header: parquetHeader(reader), length: reader.offset };
    } catch (error) {
      // The header may only be longer than the bytes so far.
      if (bytes === HEADER_BYTES.at(-1) || offset + bytes >= end) throw error;
    }
  }
  throw new Error("a size is the last one");
}

async function readBytes(file: AsyncBuffer, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, end));
}
