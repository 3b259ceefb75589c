import type { FileHandle } from "node:fs/promises";
import type { Row } from "../types.ts";
import type { Anomalies } from "./anomalies.ts";
import { type Columns, DEFAULT_COLUMNS } from "./columns.ts";
import { findLayout, type Layout } from "./layout.ts";
import { createProblems } from "./problems.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";
import { createRowReader } from "./row-reader.ts";
import { openFile } from "./sources/open-file.ts";
import { scanCsv } from "./sources/scan-csv.ts";

export interface DatasetOptions {
  /** Names of columns that differ from DEFAULT_COLUMNS. Label columns named here must exist. */
  readonly columns?: Partial<Columns>;
  /** Where truth is taken from: the label columns (default), or each row's votes as shares. Asked for, votes must exist. */
  readonly truth?: "labels" | "votes";
  /** Reads only the first rows; the rest of the file is hashed but not checked. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** The rows of a file: what concerns all of them is in memory, their text is read when asked for. */
export interface Dataset extends AsyncDisposable {
  readonly path: string;
  /** Hash of the whole file, 64 hex digits. */
  readonly sha256: string;
  /** Size of the whole file. */
  readonly bytes: number;
  readonly ids: readonly string[];
  /** Size in bytes of each row in the file. */
  readonly rowBytes: Uint32Array;
  /** Line in the file at which each row begins, counted from 1. */
  readonly lines: Uint32Array;
  /** Weights of a, b and tie, row after row, each row's sum 1; null when the file has no such columns. */
  readonly truth: Float64Array | null;
  /** Group of each row, numbered from 0 in order of appearance: rows with the same prompt share one. */
  readonly groups: Uint32Array;
  readonly quirks: Anomalies;
  /** Reads one row; calls may overlap. Throws AbtieError("data") when the file has changed since it was opened. */
  readonly read: (index: number) => Promise<Row>;
}

/**
 * Opens a CSV file of comparisons, checks every row and notes where it stands; holds no text. Throws AbtieError("data") with all problems
 * of the rows and their lines, at most 20 of each kind. The file stays open until the dataset is disposed.
 */
export async function openDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const file = await openFile(path);
  try {
    return await indexFile(path, file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function indexFile(path: string, file: FileHandle, options: DatasetOptions): Promise<Dataset> {
  const stamp = await file.stat({ bigint: true });
  const { index, layout, sha256, bytes } = await buildIndex(path, file, options);
  const { ids, lines, starts, rowBytes, truth, groups, quirks } = index;
  const reader = createRowReader({ path, file, stamp, layout, ids, lines, starts, rowBytes });
  await reader.checkUnchanged();
  return {
    ...{ path, sha256, bytes, ids, rowBytes, lines, truth, groups, quirks },
    read: reader.read,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

interface Built {
  readonly index: RowIndex;
  readonly layout: Layout;
  readonly sha256: string;
  readonly bytes: number;
}

async function buildIndex(path: string, file: FileHandle, options: DatasetOptions): Promise<Built> {
  const { columns = {}, truth = "labels", limit = Number.POSITIVE_INFINITY, signal } = options;
  const problems = createProblems(path);
  let started: { layout: Layout; rows: ReturnType<typeof createRowIndex> } | undefined;
  let count = 0;
  const { sha256, bytes } = await scanCsv(file, {
    path,
    problems,
    signal,
    onHeader: (header) => {
      const needsTruth = truth === "votes" || columns.labels !== undefined;
      const layout = findLayout(header, { columns: { ...DEFAULT_COLUMNS, ...columns }, truth, needsTruth });
      started = { layout, rows: createRowIndex(layout, problems) };
    },
    onRow: (row) => {
      started?.rows.add(row);
      count += 1;
      return count >= limit ? "stop" : "go on";
    },
  });
  problems.throwIfAny();
  if (started === undefined) throw new Error("a file with rows has a header");
  return { index: started.rows.finish(), layout: started.layout, sha256, bytes };
}
