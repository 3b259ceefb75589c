import { allEnded } from "../../all-ended.ts";
import { type ContentDigest, replaceFile } from "../../files/atomic.ts";
import type { Disk } from "../../files/disk.ts";
import {
  CLASSES,
  type Classes,
  type Clip,
  type Columns,
  DEFAULT_COLUMNS,
  type OutputForm,
  type PerClass,
} from "../../types.ts";
import type { DataCell } from "../sources/source.ts";
import { toDigits } from "./clip-and-round.ts";
import { encodeRows } from "./encode.ts";
import { type Block, type OutputInput, type OutputRow, outputColumns, type RowDetails } from "./output-columns.ts";

export interface SubmissionOptions {
  /** The names of the id and label columns that differ from DEFAULT_COLUMNS. */
  readonly columns?: Partial<Pick<Columns, "id" | "labels">>;
  /** The classes of the judge; default with a tie. */
  readonly classes?: Classes;
  /** Bounds to which probabilities are clipped; default [0.005, 0.99]. */
  readonly clip?: Clip;
  /** Default: a submission as CSV. */
  readonly form?: OutputForm;
  /** The rows of the input; needed when the form repeats some of their columns. */
  readonly input?: OutputInput;
  /** Gives what is known of a row apart from its probabilities; the default is that of a row that was not reached. */
  readonly details?: (index: number) => RowDetails;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Called when the whole content is on the disk, before it replaces the old file. */
  readonly beforeReplace?: () => Promise<void>;
  /** Remembers who wrote the file; see createOwnership. */
  readonly ownership?: {
    readonly announce: (content: ContentDigest) => Promise<void>;
    readonly confirm: () => void;
  };
}

const DEFAULT_CLIP: Clip = [0.005, 0.99];
const CSV: OutputForm = { kind: "submission", gzip: false, columns: [] };
const NOT_REACHED: RowDetails = { obtained: "prior", reason: "not reached", mass: null };

/** What an output says of one row. */
export interface OutputItem extends RowDetails {
  readonly id: string;
  readonly probabilities: PerClass;
}

/**
 * Replaces the submission at `path` in one step. The file has one row for each id, in the order of `ids` and with the
 * unchanged id, and for each class a probability of 6 decimals; they sum to exactly 1; see `outputColumns` for what the other forms
 * have besides. Calls `probabilities` once for each row, with the row's index, while the file is written. Throws an Error
 * that names the row when its numbers are not probabilities (NaN, infinite, negative, another sum), AbtieError("config")
 * when the form repeats a column that the input does not have, and AbtieError("data") when the file cannot be written. The
 * old file stays in each case.
 */
export async function writeSubmission(
  path: string,
  ids: readonly string[],
  probabilities: (index: number) => PerClass,
  options: SubmissionOptions = {},
): Promise<void> {
  const { form = CSV, details = () => NOT_REACHED } = options;
  const detailsOf = form.kind === "submission" ? () => NOT_REACHED : details;
  function* items(): Generator<OutputItem> {
    for (const [index, id] of ids.entries()) yield { ...detailsOf(index), id, probabilities: probabilities(index) };
  }
  await writeOutput(path, items(), options);
}

/** Does the same for rows that come one by one, in the order of the file. Also throws what `items` throws. */
export async function writeOutput(
  path: string,
  items: Iterable<OutputItem> | AsyncIterable<OutputItem>,
  options: Omit<SubmissionOptions, "details"> = {},
): Promise<void> {
  const { form = CSV, clip = DEFAULT_CLIP, input = null, classes = CLASSES, disk, ownership } = options;
  const columns = outputColumns(form, { ...DEFAULT_COLUMNS, ...options.columns, classes }, input);
  const repeated = form.kind !== "submission" && form.columns.length > 0 ? input : null;
  const rowOf = (item: OutputItem, index: number, cells: readonly DataCell[]): readonly DataCell[] => {
    const digits = digitsOf(item, { clip, classes, index });
    const row: OutputRow = { ...item, index, digits, cells };
    return columns.map(({ cellOf }) => cellOf(row));
  };
  const content = encodeRows(form, columns, blocksOf(items, rowOf, repeated));
  const beforeReplace = async (digest: ContentDigest): Promise<void> => {
    await options.beforeReplace?.();
    await ownership?.announce(digest);
  };
  await replaceFile(path, content, { disk, beforeReplace });
  ownership?.confirm();
}

interface RowPlace {
  readonly clip: Clip;
  readonly classes: Classes;
  readonly index: number;
}

function digitsOf({ id, probabilities }: OutputItem, { clip, classes, index }: RowPlace): readonly string[] {
  try {
    if (probabilities.length !== classes.length)
      throw new Error(`${probabilities.length} numbers for ${classes.length} classes`);
    return toDigits(probabilities, clip);
  } catch (error) {
    throw new Error(`row ${index} (id ${JSON.stringify(id)}) cannot be written`, { cause: error });
  }
}

const ROWS_AT_ONCE = 500;

async function* blocksOf(
  items: Iterable<OutputItem> | AsyncIterable<OutputItem>,
  rowOf: (item: OutputItem, index: number, cells: readonly DataCell[]) => readonly DataCell[],
  repeated: OutputInput | null,
): AsyncGenerator<Block> {
  let start = 0;
  let waiting: OutputItem[] = [];
  const blockOf = async (): Promise<Block> => {
    const cells = repeated === null ? [] : await allEnded(waiting.map((_, at) => repeated.readCells(start + at)));
    const block = waiting.map((item, at) => rowOf(item, start + at, cells[at] ?? []));
    start += waiting.length;
    waiting = [];
    return block;
  };
  for await (const item of items) {
    if (waiting.push(item) === ROWS_AT_ONCE) yield await blockOf();
  }
  if (waiting.length > 0) yield await blockOf();
}
