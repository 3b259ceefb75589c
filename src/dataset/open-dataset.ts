import type { ClassMatrix } from "../class-matrix.ts";
import { formatPercent } from "../format.ts";
import type { Row } from "../types.ts";
import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import type { Anomalies } from "./anomalies.ts";
import { foundColumns } from "./found-columns.ts";
import { labelCells } from "./labels.ts";
import { findLayout, type Layout } from "./layout.ts";
import { readRecord } from "./read-row.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";
import { fileChanged } from "./sources/open-file.ts";
import { openSource } from "./sources/open-source.ts";
import { createProblems, type Unit } from "./sources/problems.ts";
import type { DataCell, FileDigest, Source } from "./sources/source.ts";

/** Names of columns, or how they follow from the names that a file has. */
export type ColumnChoice = Partial<Columns> | ((names: readonly string[]) => Partial<Columns>);

export interface DatasetOptions {
  /**
   * Column names that differ from DEFAULT_COLUMNS, or a function that gives them for the names in a file. A file without the label
   * columns that are named here has no labels.
   */
  readonly columns?: ColumnChoice;
  /**
   * The source of the truth: the label columns (default), or the votes of each row, counted as shares.
   */
  readonly truth?: "labels" | "votes";
  /** Whether the file may lack the answers, and the prompt too, because only its labels are needed. Default false. */
  readonly textsOptional?: boolean;
  /** Number of rows to read from the beginning. The rest of the file is hashed, but not checked. */
  readonly limit?: number;
  /** Keeps only the rows whose id is accepted; `limit` counts the others too. */
  readonly select?: (id: string) => boolean;
  readonly signal?: AbortSignal;
}

/** A probable mistake in the whole file, and its remedy. */
interface Slip {
  readonly finding: string;
  readonly remedy: string;
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
  /** The unit in which `lines` counts: lines of the file, or its rows where it has no lines. */
  readonly unit: Unit;
  /** Line at which each row begins, or its number, counted from 1. */
  readonly lines: Uint32Array;
  /** Weights of a, b and tie, which sum to 1 in each row; null when the file has no labels. */
  readonly truth: ClassMatrix | null;
  /** The tag that the labels give a row, for example "both bad"; null when no row has one. */
  readonly tags: readonly (string | null)[] | null;
  /** False: the file has no answers, only labels, see `DatasetOptions.textsOptional`; `hasPrompts` says whether it has prompts. */
  readonly hasAnswers: boolean;
  readonly hasPrompts: boolean;
  /** Group number of each row, from 0 in order of appearance. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
  /** The fingerprint of the prompt of each group, by which the groups of two files are compared. */
  readonly groupKeys: readonly string[];
  /** Probability with which each row came into the sample; null when the file is no sample of `abtie sample`. */
  readonly inclusion: Float64Array | null;
  readonly anomalies: Anomalies;
  /** Sentences for a person: what was assumed about the columns. */
  readonly notes: readonly string[];
  /** The columns from which the labels were read; empty without labels. */
  readonly labelColumns: readonly string[];
  /** Those of the sentences that are about labels. */
  readonly labelNotes: readonly string[];
  /** The names by which the columns were found, where they are not the usual ones and can be written into a config. */
  readonly foundColumns: Partial<Columns>;
  /** What is probably wrong with the whole file, though it can be read. */
  readonly slips: readonly Slip[];
  /** The names of the columns of the file, or the keys of its records. */
  readonly names: readonly string[];
  /**
   * The side to which the better answer of each row was dealt; null when the file itself has sides A and B.
   */
  readonly chosen: readonly ("a" | "b")[] | null;
  /** Reads the cells of one row in the order of `names`, as the file has them. Throws like `read`. */
  readonly readCells: (index: number) => Promise<readonly DataCell[]>;
  /** Reads one row; calls may overlap. Throws AbtieError("data") when the file has changed since it was opened. */
  readonly read: (index: number) => Promise<Row>;
}

/**
 * Opens a file of comparisons, checks every row and records its position; keeps no text in memory. Throws
 * AbtieError("data") with all problems of the rows and their lines, at most 20 of each kind. The file stays open until
 * the dataset is disposed.
 */
export async function openDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const source = await openSource(path, { signal: options.signal, limit: options.limit });
  try {
    const { index, layout, names, digest } = await indexRows(source, options);
    const used = { ...layout, labels: index.plan };
    const { ids, rowBytes, lines, truth, tags, chosen, groups, groupKeys, inclusion, anomalies } = index;
    return {
      path: source.path,
      sha256: digest.sha256,
      bytes: digest.bytes,
      ids,
      rowBytes,
      unit: source.unit,
      lines,
      truth,
      tags,
      hasAnswers: layout.hasAnswers,
      hasPrompts: layout.hasAnswers || layout.prompt.length > 0,
      groups,
      groupKeys,
      inclusion,
      anomalies,
      notes: index.notes,
      labelColumns: truth === null ? [] : labelCells(used).map((cell) => names[cell] ?? ""),
      labelNotes: index.labelNotes,
      foundColumns: foundColumns(used, { names, labelled: truth !== null }),
      slips: slipsIn(anomalies, ids.length),
      names,
      chosen,
      readCells: async (row) => (await readRow(source, layout, index, row)).cells,
      read: async (row) => (await readRow(source, layout, index, row)).texts,
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
  readonly names: readonly string[];
  readonly digest: FileDigest;
}

async function indexRows(source: Source, options: DatasetOptions): Promise<IndexedRows> {
  const {
    columns = {},
    truth = "labels",
    textsOptional = false,
    limit = Number.POSITIVE_INFINITY,
    select = () => true,
    signal,
  } = options;
  const problems = createProblems(source.path, source.unit);
  let started: { layout: Layout; names: readonly string[]; rows: ReturnType<typeof createRowIndex> } | undefined;
  let count = 0;
  const digest = await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      const { names } = header;
      const layout = findLayout(header, { columns: chosenColumns(columns, names), truth, textsOptional });
      started = { layout, names, rows: createRowIndex(layout, { problems, unit: source.unit, names, select }) };
    },
    onRecord: (record) => {
      started?.rows.add(record);
      count += 1;
      return count >= limit ? "stop" : "go on";
    },
  });
  problems.throwIfAny();
  if (started === undefined) throw new Error("a file with rows has a header");
  const { layout, names, rows } = started;
  return { index: rows.finish(), layout, names, digest };
}

/** Gives the columns of a file with these names. */
export function chosenColumns(choice: ColumnChoice, names: readonly string[]): Columns {
  return { ...DEFAULT_COLUMNS, ...(typeof choice === "function" ? choice(names) : choice) };
}

async function readRow(
  source: Source,
  layout: Layout,
  index: RowIndex,
  row: number,
): Promise<{ readonly cells: readonly DataCell[]; readonly texts: Row }> {
  const { ids, positions, starts, rowBytes } = index;
  const id = ids[row];
  if (id === undefined) throw new RangeError(`row ${row} of ${ids.length}`);
  const cells = await source.read({ start: starts[row] ?? 0, bytes: rowBytes[row] ?? 0 });
  const record = cells === null ? null : readRecord(layout, cells, positions[row] ?? row);
  if (cells === null || record?.id !== id) throw fileChanged(source.path);
  const { prompts, responsesA, responsesB } = record.turns;
  return { cells, texts: { index: row, id, prompts, responsesA, responsesB } };
}

/** A share of rows above this with the same slip shows a slip of the whole file. */
const SLIP_SHARE = 0.1;

function slipsIn({ pythonList }: Anomalies, rows: number): readonly Slip[] {
  if (pythonList.count <= SLIP_SHARE * rows) return [];
  const share = formatPercent(pythonList.count / rows);
  const finding = `in ${share} of the rows a cell is a list as Python or numpy prints it, and is judged as plain text`;
  return [{ finding, remedy: "write lists with json.dumps(turns)" }];
}
