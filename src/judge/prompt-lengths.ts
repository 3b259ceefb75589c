import type { Dataset } from "../dataset/open-dataset.ts";
import { fitLine } from "../numbers/line.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import type { Judge } from "./judge.ts";

/** Rows that are tokenised to learn how tokens follow from bytes; smaller files are tokenised whole. */
const SAMPLE = 500;

/**
 * Estimates the prompt tokens of every row with its full context, before it is tokenised: exactly for a sample spread over the
 * file, for the rest by least squares on the row's size in bytes. Good for sums and for ordering, not for a single row.
 */
export async function estimateLengths(
  judging: Pick<Judge, "prepare">,
  dataset: Pick<Dataset, "ids" | "rowBytes">,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const rows = spreadSample(dataset.ids.length, SAMPLE);
  const known = new Map<number, number>();
  for (const row of rows) {
    signal.throwIfAborted();
    const { ids, cutTokens } = await judging.prepare(row, "ab", null);
    known.set(row, ids.length + cutTokens);
  }
  const bytesOf = (row: number): number => dataset.rowBytes[row] ?? 0;
  const line = fitLine([...known.keys()].map(bytesOf), [...known.values()]);
  return Array.from(dataset.ids, (_, row) => {
    const guess = Math.round(line.offset + line.slope * bytesOf(row));
    return known.get(row) ?? Math.max(1, guess);
  });
}
