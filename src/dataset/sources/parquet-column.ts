import type { AsyncBuffer, ColumnMetaData, DataReader, DecodedArray, PageHeader, SchemaTree } from "hyparquet";
import { assembleLists } from "hyparquet/src/assemble.js";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert, convertWithDictionary, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { decompressPage, readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";

/** Reads the values of one column of a row group, from its beginning. */
export interface ColumnReader {
  /** Gives the values of the next rows; lists where the column is within a list. Throws an Error when the column ends before. */
  readonly take: (rows: number) => Promise<DecodedArray>;
}

/**
 * Reads a column page by page: it decodes each page once, and makes lists of the rows that are taken alone, because a small
 * page may have all rows of a file. The functions of hyparquet for a part of a row group decode the group from its beginning
 * for each part where the file has no offset index, and pandas writes none.
 */
export function createColumnReader(file: AsyncBuffer, column: ColumnMetaData, schemaPath: SchemaTree[]): ColumnReader {
  const readPageAt = createPageReader(column, schemaPath);
  const isList = getMaxRepetitionLevel(schemaPath) > 0;
  const present = getMaxDefinitionLevel(schemaPath);
  let offset = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = offset + Number(column.total_compressed_size);
  let page: Page | null = null;

  const readNext = async (): Promise<Page | null> => {
    while (offset < end) {
      const { header, length } = await readHeader(file, offset, end);
      const start = offset + length;
      offset = start + header.compressed_page_size;
      const found = readPageAt(header, await file.slice(start, offset));
      if (found !== null) return found;
    }
    return null;
  };

  return {
    take: async (rows) => {
      const output: unknown[] = [];
      let begun = 0;
      while (true) {
        page ??= await readNext();
        if (page === null) break;
        const cut = isList ? endOfRows(page, rows - begun) : Math.min(page.entries, page.at + rows - begun);
        begun += isList ? beginsIn(page, cut) : cut - page.at;
        appendRows(output, page, cut, { present, schemaPath });
        if (cut < page.entries) break;
        page = null;
        // The last row of a column with lists may continue in the next page.
        if (!isList && begun === rows) break;
      }
      if (output.length < rows) throw new Error(`the column ${column.path_in_schema.join(".")} ends too early`);
      return output;
    },
  };
}

/** A decoded page, and how much of it was taken. An entry is a value, or a place without one; a row of lists has several. */
interface Page {
  /** Number of entries. */
  readonly entries: number;
  /** For each entry, how deep it is defined; empty when every entry has a value. */
  readonly definition: readonly number[];
  /** For each entry, 0 where a row begins; empty without lists. */
  readonly repetition: readonly number[];
  readonly values: DecodedArray;
  /** The first entry, and its value, that were not taken. */
  at: number;
  valueAt: number;
}

/** Finds the entry at which so many further rows end. */
function endOfRows({ repetition, entries, at }: Page, rows: number): number {
  let begun = 0;
  for (let entry = at; entry < entries; entry += 1) {
    if (repetition[entry] !== 0) continue;
    if (begun === rows) return entry;
    begun += 1;
  }
  return entries;
}

function beginsIn({ repetition, at }: Page, cut: number): number {
  let begun = 0;
  for (let entry = at; entry < cut; entry += 1) if (repetition[entry] === 0) begun += 1;
  return begun;
}

/** Appends the rows up to the entry `cut`; the first entries may belong to the last row of `output`. */
function appendRows(
  output: unknown[],
  page: Page,
  cut: number,
  { present, schemaPath }: { readonly present: number; readonly schemaPath: SchemaTree[] },
): void {
  const { at, valueAt } = page;
  if (cut === at) return;
  const definition = page.definition.slice(at, cut);
  const count = definition.length === 0 ? cut - at : definition.filter((level) => level === present).length;
  const values = page.values.slice(valueAt, valueAt + count);
  page.at = cut;
  page.valueAt += count;
  const rows = assembleLists(output, definition, page.repetition.slice(at, cut), values, schemaPath);
  if (rows !== output) for (const row of rows) output.push(row);
}

/** Creates a function that decodes the pages of a column in their order; it gives null for a page without rows. */
function createPageReader(
  column: ColumnMetaData,
  schemaPath: SchemaTree[],
): (header: PageHeader, bytes: ArrayBuffer) => Page | null {
  const element = schemaPath.at(-1)?.element;
  if (element === undefined) throw new Error("a column has a schema");
  const { type, codec, path_in_schema: pathInSchema } = column;
  const decoder = { pathInSchema, type, element, schemaPath, codec, parsers: DEFAULT_PARSERS, compressors };
  let dictionary: DecodedArray | undefined;

  return (header, bytes) => {
    const first = header.data_page_header;
    const second = header.data_page_header_v2;
    const used = first ?? second;
    if (used === undefined) {
      const { data = [] } = readPage(
        { view: new DataView(bytes), offset: 0 },
        header,
        decoder,
        undefined,
        undefined,
        0,
      );
      dictionary = convert(data, decoder);
      return null;
    }
    const packed = new Uint8Array(bytes);
    const page =
      first === undefined
        ? readDataPageV2(packed, header, decoder)
        : readDataPage(
            decompressPage(packed, Number(header.uncompressed_page_size), codec, compressors),
            first,
            decoder,
          );
    return {
      entries: used.num_values,
      definition: page.definitionLevels ?? [],
      repetition: page.repetitionLevels,
      values: convertWithDictionary(page.dataPage, dictionary, used.encoding, decoder),
      at: 0,
      valueAt: 0,
    };
  };
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
