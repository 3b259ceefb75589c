import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { stringify } from "csv-stringify/sync";
import type { OutputForm } from "../../types.ts";
import { cellText } from "../cell.ts";
import type { DataCell } from "../sources/source.ts";
import type { Block, EncodedColumn } from "./output-columns.ts";

type Encoded = AsyncIterable<string | Uint8Array>;

/** Encodes rows in the form of an output, in constant memory. */
export function encodeRows(
  { kind, gzip }: OutputForm,
  columns: readonly EncodedColumn[],
  blocks: AsyncIterable<Block>,
): Encoded {
  const encoded = ENCODERS[kind](columns, blocks);
  return gzip ? packed(encoded) : encoded;
}

const ENCODERS: Readonly<
  Record<OutputForm["kind"], (columns: readonly EncodedColumn[], blocks: AsyncIterable<Block>) => Encoded>
> = {
  submission: encodeCsv,
  wide: encodeCsv,
  jsonl: encodeJsonLines,
  parquet: loadAndEncodeParquet,
};

/** The writer is loaded for those who want Parquet. */
async function* loadAndEncodeParquet(
  columns: readonly EncodedColumn[],
  blocks: AsyncIterable<Block>,
): AsyncGenerator<Uint8Array> {
  const { encodeParquet } = await import("./encode-parquet.ts");
  yield* encodeParquet(columns, blocks);
}

async function* encodeCsv(columns: readonly EncodedColumn[], blocks: AsyncIterable<Block>): AsyncGenerator<string> {
  yield stringify([columns.map(({ name }) => name)]);
  for await (const block of blocks) yield stringify(block.map((cells) => cells.map(cellText)));
}

async function* encodeJsonLines(
  columns: readonly EncodedColumn[],
  blocks: AsyncIterable<Block>,
): AsyncGenerator<string> {
  const toValue = (cell: DataCell, at: number): DataCell =>
    columns[at]?.isNumber === true && cell !== null ? Number(cell) : cell;
  for await (const block of blocks) {
    const lines = block.map((cells) =>
      JSON.stringify(Object.fromEntries(columns.map(({ name }, at) => [name, toValue(cells[at], at)]))),
    );
    yield `${lines.join("\n")}\n`;
  }
}

async function* packed(encoded: Encoded): AsyncGenerator<Uint8Array> {
  // An error of the rows destroys the stream, and so reaches its reader.
  yield* pipeline(encoded, createGzip(), () => {});
}
