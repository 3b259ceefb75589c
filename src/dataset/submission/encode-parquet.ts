import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { cellText } from "../cell.ts";
import type { DataCell } from "../sources/source.ts";
import type { Block, EncodedColumn } from "./output-columns.ts";

/** A row group ends with the block that reaches one of these, because it is in memory as a whole. */
const GROUP_ROWS = 20_000;
const GROUP_CHARACTERS = 1 << 24;

/**
 * Encodes rows as Parquet, one row group after the other. Numbers are doubles; any other cell is a text as in a CSV, lists
 * and objects as JSON, and a missing one null.
 */
export async function* encodeParquet(
  columns: readonly EncodedColumn[],
  blocks: AsyncIterable<Block>,
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: "abtie" });
  let group = emptyGroup(columns);
  for await (const block of blocks) {
    for (const cells of block) group.add(cells);
    if (group.rows() < GROUP_ROWS && group.characters() < GROUP_CHARACTERS) continue;
    group.write(writer);
    yield taken(bytes);
    group = emptyGroup(columns);
  }
  if (group.rows() > 0) group.write(writer);
  await writer.finish();
  yield taken(bytes);
}

function schemaOf(columns: readonly EncodedColumn[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(
      ({ name, isNumber }): SchemaElement => ({
        name,
        repetition_type: "OPTIONAL",
        ...(isNumber ? { type: "DOUBLE" } : { type: "BYTE_ARRAY", converted_type: "UTF8" }),
      }),
    ),
  ];
}

interface Group {
  readonly add: (cells: readonly DataCell[]) => void;
  readonly rows: () => number;
  readonly characters: () => number;
  readonly write: (writer: ParquetWriter) => void;
}

function emptyGroup(columns: readonly EncodedColumn[]): Group {
  const values: (string | number | null)[][] = columns.map(() => []);
  let rows = 0;
  let characters = 0;
  return {
    add: (cells) => {
      rows += 1;
      for (const [at, { isNumber }] of columns.entries()) {
        const cell = cells[at] ?? null;
        const value = cell === null ? null : isNumber ? Number(cell) : cellText(cell);
        if (typeof value === "string") characters += value.length;
        values[at]?.push(value);
      }
    },
    rows: () => rows,
    characters: () => characters,
    write: (writer) => {
      const columnData = columns.map(({ name }, at) => ({ name, data: values[at] ?? [] }));
      writer.write({ columnData, rowGroupSize: rows });
    },
  };
}

/** Takes the bytes that were written since the last time. */
function taken(bytes: ByteWriter): Uint8Array {
  const copy = bytes.getBytes().slice();
  bytes.index = 0;
  return copy;
}
