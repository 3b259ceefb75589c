import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { AbtieError } from "../errors.ts";
import { explainFileError } from "../files/explain.ts";
import type { Row } from "../types.ts";
import { readCell } from "./cell.ts";
import type { Layout } from "./layout.ts";
import { CSV_OPTIONS } from "./sources/csv-dialect.ts";

export interface RowSource {
  readonly path: string;
  readonly file: FileHandle;
  /** State of the file when its rows were indexed. */
  readonly stamp: BigIntStats;
  readonly layout: Layout;
  readonly ids: readonly string[];
  readonly lines: Uint32Array;
  /** Offset of each row in bytes. */
  readonly starts: Float64Array;
  readonly rowBytes: Uint32Array;
}

/**
 * Reads rows by their place in an open file. Both functions throw AbtieError("data") when the file was written to since it was
 * indexed. A file that was replaced by another one under its name does not matter: the open one is the one that was indexed.
 */
export function createRowReader(source: RowSource): {
  read: (index: number) => Promise<Row>;
  checkUnchanged: () => Promise<void>;
} {
  const { path, file, stamp, ids } = source;

  const checkUnchanged = async (): Promise<void> => {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    if (size !== stamp.size || mtimeNs !== stamp.mtimeNs) throw changed(path);
  };

  const read = async (index: number): Promise<Row> => {
    const id = ids[index];
    if (id === undefined) throw new RangeError(`row ${index} of ${ids.length}`);
    const bytes = await readBytes(source, index);
    // Behind the read, so that what was read is known to be from before any change.
    await checkUnchanged();
    const row = toRow(source.layout, index, parseOne(bytes));
    if (row?.id !== id) throw changed(path);
    return row;
  };

  return { read, checkUnchanged };
}

async function readBytes({ path, file, starts, rowBytes }: RowSource, index: number): Promise<Buffer> {
  const length = rowBytes[index] ?? 0;
  const buffer = Buffer.allocUnsafe(length);
  try {
    const { bytesRead } = await file.read(buffer, 0, length, starts[index] ?? 0);
    if (bytesRead !== length) throw changed(path);
  } catch (error) {
    throw explainFileError("read", path, error);
  }
  return buffer;
}

function parseOne(bytes: Buffer): readonly string[] | undefined {
  try {
    return parse(bytes, CSV_OPTIONS)[0];
  } catch {
    // These bytes were one record before; only a change that left size and time as they were gets here.
    return undefined;
  }
}

function toRow(layout: Layout, index: number, fields: readonly string[] | undefined): Row | undefined {
  if (fields === undefined) return undefined;
  const turns = (at: number): Row["prompts"] => readCell(fields[at] ?? "").turns;
  return {
    index,
    id: fields[layout.id] ?? "",
    prompts: turns(layout.prompt),
    responsesA: turns(layout.responseA),
    responsesB: turns(layout.responseB),
  };
}

function changed(path: string): AbtieError {
  return new AbtieError(
    "data",
    `${path} was changed while it was being used: its rows are no longer where they were. Leave the file alone during a run, and start again.`,
  );
}
