import { stringify } from "csv-stringify/sync";
import { writeAtomic } from "../../files/atomic.ts";
import type { Triple } from "../../types.ts";
import { type Columns, DEFAULT_COLUMNS } from "../columns.ts";
import { type Clip, toDigits } from "./digits.ts";

export interface SubmissionOptions {
  /** Names of the id and label columns that differ from DEFAULT_COLUMNS. */
  readonly columns?: Partial<Pick<Columns, "id" | "labels">>;
  /** Default [0.005, 0.99]. */
  readonly clip?: Clip;
}

const DEFAULT_CLIP: Clip = [0.005, 0.99];

/**
 * Replaces the submission at `path` in one step: one line for each id, in the order given and exactly as read, with three
 * probabilities of 6 decimals whose written digits sum to 1. `probabilities` is asked for each row once, by its index. Throws an
 * Error naming the row when they are not probabilities (NaN, infinite, negative, another sum), and AbtieError("data") when
 * the file cannot be written; the old file stays in both cases.
 */
export async function writeSubmission(
  path: string,
  ids: readonly string[],
  probabilities: (index: number) => Triple,
  options: SubmissionOptions = {},
): Promise<void> {
  const { id, labels } = { ...DEFAULT_COLUMNS, ...options.columns };
  const clip = options.clip ?? DEFAULT_CLIP;
  const toLine = (rowId: string, index: number): readonly string[] => {
    const triple = probabilities(index);
    try {
      return [rowId, ...toDigits(triple, clip)];
    } catch (error) {
      throw new Error(`row ${index} (id ${JSON.stringify(rowId)}) cannot be written`, { cause: error });
    }
  };
  await writeAtomic(path, toCsv([id, ...labels], ids, toLine));
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
