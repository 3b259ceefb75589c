import { stringify } from "csv-stringify/sync";
import { writeAtomic } from "../files/atomic.ts";
import type { Row, Turn } from "../types.ts";
import { readCell } from "./cell.ts";
import { type Columns, DEFAULT_COLUMNS, INCLUSION_COLUMN } from "./columns.ts";

/** A row of a sample, and the probability with which it came into the sample. */
export interface SampledRow {
  readonly row: Row;
  readonly inclusion: number;
}

/**
 * Writes a sample as a CSV in which a person can label: the texts, empty label columns, and the inclusion probability.
 * It contains no answer of a judge, because a person who sees one is led by it. The columns have the names by which
 * the labels are later looked for. Throws AbtieError("data") when the file cannot be written.
 */
export async function writeSample(path: string, rows: readonly SampledRow[], columns: Columns): Promise<void> {
  const { id, prompt, responseA, responseB } = columns;
  const labels = labelColumns(columns);
  const lines = rows.map(({ row, inclusion }) => [
    row.id,
    ...[row.prompts, row.responsesA, row.responsesB].map(writeCell),
    ...labels.map(() => ""),
    String(inclusion),
  ]);
  await writeAtomic(path, stringify([[id, prompt, responseA, responseB, ...labels, INCLUSION_COLUMN], ...lines]));
}

/** Lists the columns in which a person labels: one for a word, or those that the config names. */
export function labelColumns({ label, labels }: Columns): readonly string[] {
  if (label !== null) return [label];
  return labels.every((name, k) => name === DEFAULT_COLUMNS.labels[k]) ? ["winner"] : labels;
}

/** Writes turns as plain text where that is read as the same turns again, else as a JSON list. */
export function writeCell(turns: readonly Turn[]): string {
  const [only, second] = turns;
  if (typeof only !== "string" || second !== undefined) return JSON.stringify(turns);
  return readCell(only).form === "text" ? only : JSON.stringify(turns);
}
