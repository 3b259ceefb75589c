import type { Row } from "../types.ts";
import type { Anomalies } from "./anomalies.ts";
import { readCell } from "./cell.ts";
import { type Columns, DEFAULT_COLUMNS } from "./columns.ts";
import { findLayout, type Layout } from "./layout.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";
import { openCsv } from "./sources/csv.ts";
import { fileChanged } from "./sources/open-file.ts";
import { createProblems } from "./sources/problems.ts";
import type { FileDigest, Source } from "./sources/source.ts";

export interface DatasetOptions {
  /** Column names that differ from DEFAULT_COLUMNS. The file must contain the label columns that are named here. */
  readonly columns?: Partial<Columns>;
  /**
   * The source of the truth: the label columns (default), or the votes of each row, counted as shares. With "votes",
   * the file must contain the votes.
   */
  readonly truth?: "labels" | "votes";
  /** Number of rows to read from the beginning. The rest of the file is hashed, but not checked. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * The rows of a file. Memory contains only the data that is needed of all rows; the text of a row is read from the file
 * each time.
 */
export interface Dataset extends AsyncDisposable {
  readonly path: string;
  /** SHA-256 of the whole file, 64 hex digits. */
  readonly sha256: string;
  /** Size of the whole file, bytes. */
  readonly bytes: number;
  readonly ids: readonly string[];
  /** Size in bytes of each row in the file. */
  readonly rowBytes: Uint32Array;
  /** Line in the file at which each row begins, counted from 1. */
  readonly lines: Uint32Array;
  /** Weights of a, b and tie, three for each row with the sum 1; null when the file has no such columns. */
  readonly truth: Float64Array | null;
  /** Group number of each row, from 0 in order of appearance. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
  readonly anomalies: Anomalies;
  /** Reads one row; calls may overlap. Throws AbtieError("data") when the file has changed since it was opened. */
  readonly read: (index: number) => Promise<Row>;
}

/**
 * Opens a file of comparisons, checks every row and records its position; keeps no text in memory. Throws
 * AbtieError("data") with all problems of the rows and their lines, at most 20 of each kind. The file stays open until
 * the dataset is disposed.
 */
export async function openDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const source = await openCsv(path);
  try {
    const { index, layout, digest } = await indexRows(source, options);
    const { ids, rowBytes, lines, truth, groups, anomalies } = index;
    return {
      path,
      sha256: digest.sha256,
      bytes: digest.bytes,
      ids,
      rowBytes,
      lines,
      truth,
      groups,
      anomalies,
      read: (row) => readRow(source, layout, index, row),
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

interface IndexedRows {
  readonly index: RowIndex;
  readonly layout: Layout;
  readonly digest: FileDigest;
}

async function indexRows(source: Source, options: DatasetOptions): Promise<IndexedRows> {
  const { columns = {}, truth = "labels", limit = Number.POSITIVE_INFINITY, signal } = options;
  const problems = createProblems(source.path);
  let started: { layout: Layout; rows: ReturnType<typeof createRowIndex> } | undefined;
  let count = 0;
  const digest = await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      const needsTruth = truth === "votes" || columns.labels !== undefined;
      const layout = findLayout(header, { columns: { ...DEFAULT_COLUMNS, ...columns }, truth, needsTruth });
      started = { layout, rows: createRowIndex(layout, problems) };
    },
    onRecord: (record) => {
      started?.rows.add(record);
      count += 1;
      return count >= limit ? "stop" : "go on";
    },
  });
  problems.throwIfAny();
  if (started === undefined) throw new Error("a file with rows has a header");
  return { index: started.rows.finish(), layout: started.layout, digest };
}

async function readRow(source: Source, layout: Layout, { ids, starts, rowBytes }: RowIndex, row: number): Promise<Row> {
  const id = ids[row];
  if (id === undefined) throw new RangeError(`row ${row} of ${ids.length}`);
  const cells = await source.read({ start: starts[row] ?? 0, bytes: rowBytes[row] ?? 0 });
  if (cells?.[layout.id] !== id) throw fileChanged(source.path);
  const turns = (index: number): Row["prompts"] => readCell(cells[index] ?? "").turns;
  return {
    index: row,
    id,
    prompts: turns(layout.prompt),
    responsesA: turns(layout.responseA),
    responsesB: turns(layout.responseB),
  };
}
