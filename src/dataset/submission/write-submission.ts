import { stringify } from "csv-stringify/sync";
import { writeAtomic } from "../../files/atomic.ts";
import type { Disk } from "../../files/disk.ts";
import { CLASSES, type Classes, type Clip, type PerClass } from "../../types.ts";
import { type Columns, DEFAULT_COLUMNS } from "../columns.ts";
import { toDigits } from "./clip-and-round.ts";
import { submissionHeader } from "./header.ts";

export interface SubmissionOptions {
  /** The names of the id and label columns that differ from DEFAULT_COLUMNS. */
  readonly columns?: Partial<Pick<Columns, "id" | "labels">>;
  /** The classes of the judge; default with a tie. */
  readonly classes?: Classes;
  /** Bounds to which probabilities are clipped; default [0.005, 0.99]. */
  readonly clip?: Clip;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Called when the content is known, before any of it is written. */
  readonly beforeWrite?: () => Promise<void>;
  /** Remembers who wrote the file; see createOwnership. */
  readonly ownership?: {
    readonly announce: (content: string) => Promise<void>;
    readonly confirm: () => void;
  };
}

const DEFAULT_CLIP: Clip = [0.005, 0.99];

/**
 * Replaces the submission at `path` in one step. The file has one line for each id, in the order of `ids` and with the
 * unchanged id, and for each class a probability of 6 decimals; they sum to exactly 1. Calls `probabilities` once for each row,
 * with the row's index. Throws an Error that names the row when its numbers are not probabilities (NaN, infinite,
 * negative, another sum), and AbtieError("data") when the file cannot be written. The old file stays in both cases.
 */
export async function writeSubmission(
  path: string,
  ids: readonly string[],
  probabilities: (index: number) => PerClass,
  options: SubmissionOptions = {},
): Promise<void> {
  const { columns, classes = CLASSES } = options;
  const header = submissionHeader({ ...DEFAULT_COLUMNS, ...columns }, classes);
  const clip = options.clip ?? DEFAULT_CLIP;
  const toLine = (rowId: string, index: number): readonly string[] => {
    const row = probabilities(index);
    try {
      if (row.length !== classes.length) throw new Error(`${row.length} numbers for ${classes.length} classes`);
      return [rowId, ...toDigits(row, clip)];
    } catch (error) {
      throw new Error(`row ${index} (id ${JSON.stringify(rowId)}) cannot be written`, { cause: error });
    }
  };
  const content = [...toCsv(header, ids, toLine)].join("");
  await options.beforeWrite?.();
  await options.ownership?.announce(content);
  await writeAtomic(path, content, options.disk);
  options.ownership?.confirm();
}

const ROWS_AT_ONCE = 1000;

function* toCsv(
  header: readonly string[],
  ids: readonly string[],
  toLine: (id: string, index: number) => readonly string[],
): Generator<string> {
  yield stringify([header]);
  for (let start = 0; start < ids.length; start += ROWS_AT_ONCE) {
    const block = ids.slice(start, start + ROWS_AT_ONCE);
    yield stringify(block.map((id, offset) => toLine(id, start + offset)));
  }
}
