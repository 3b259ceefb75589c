import type { Dataset } from "../dataset/open-dataset.ts";
import { fitLine } from "../numbers/line.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import type { Judge } from "./judge.ts";

/** Number of rows in the sample that is tokenised for the fit. A file with fewer rows is tokenised whole. */
const SAMPLE = 500;

/**
 * Estimates the prompt tokens of every row before shortening, without tokenising all rows. The rows of a sample, spread
 * over the file, get their exact number; all others get a least-squares estimate from their size in bytes. The
 * estimates are good enough for sums and for ordering rows, not for a single row.
 */
export async function estimateLengths(
  judge: Pick<Judge, "prepare">,
  dataset: Pick<Dataset, "ids" | "rowBytes">,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const rows = spreadSample(dataset.ids.length, SAMPLE);
  const measured = new Map<number, number>();
  for (const row of rows) {
    signal.throwIfAborted();
    const { ids, cutTokens } = await judge.prepare(row, "ab", null);
    measured.set(row, ids.length + cutTokens);
  }
  const bytesOf = (row: number): number => dataset.rowBytes[row] ?? 0;
  const line = fitLine([...measured.keys()].map(bytesOf), [...measured.values()]);
  return Array.from(dataset.ids, (_, row) => {
    const guess = Math.round(line.offset + line.slope * bytesOf(row));
    return measured.get(row) ?? Math.max(1, guess);
  });
}
