import { writeAtomic } from "../../files/atomic.ts";
import type { Columns, OutputForm, Row, Turn } from "../../types.ts";
import { readCell } from "../cell.ts";
import { INCLUSION_COLUMN } from "../columns.ts";
import { type LabelSettings, labelColumns } from "../label-columns.ts";
import { encodeRows } from "./encode.ts";

/** A row of a sample, and the probability with which it came into the sample. */
export interface SampledRow {
  readonly row: Row;
  readonly inclusion: number;
}

/**
 * Writes a sample as a file in which a person can label: the texts, empty label columns, and the inclusion probability.
 * It contains no answer of a judge, because a person who sees one is led by it. The columns have the names by which
 * the labels are later looked for. Throws AbtieError("data") when the file cannot be written.
 */
export async function writeSample(
  path: string,
  rows: AsyncIterable<SampledRow>,
  { form, columns, ...settings }: LabelSettings & { readonly form: OutputForm; readonly columns: Columns },
): Promise<void> {
  const { id, prompt, responseA, responseB } = columns;
  const labels = labelColumns({ columns, ...settings });
  const names = [id, prompt, responseA, responseB, ...labels].map((name) => ({ name, isNumber: false }));
  async function* blocks() {
    for await (const { row, inclusion } of rows) {
      const texts = [row.prompts, row.responsesA, row.responsesB].map(writeCell);
      yield [[row.id, ...texts, ...labels.map(() => ""), String(inclusion)]];
    }
  }
  await writeAtomic(path, encodeRows(form, [...names, { name: INCLUSION_COLUMN, isNumber: true }], blocks()));
}

/** Writes turns as plain text where that is read as the same turns again, else as a JSON list. */
export function writeCell(turns: readonly Turn[]): string {
  const [only, second] = turns;
  if (typeof only !== "string" || second !== undefined) return JSON.stringify(turns);
  return readCell(only).form === "text" ? only : JSON.stringify(turns);
}
