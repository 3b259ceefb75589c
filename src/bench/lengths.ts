import type { Dataset } from "../dataset/open-dataset.ts";
import type { Judge } from "../judge/judge.ts";
import type { Clock } from "../types.ts";

/** The lengths of a file's rows, from all rows or from a sample that is spread evenly over their sizes. */
export interface Lengths {
  /** The rows that were tokenised, from the shortest to the longest. */
  readonly rows: readonly { readonly row: number; readonly tokens: number }[];
  /** Number of these rows that were shortened to fit the context. */
  readonly shortened: number;
  readonly meanTokens: number;
  /** Rows per second, and tokens per second, that one core rendered and tokenised. */
  readonly rowsPerSecond: number;
  readonly tokensPerSecond: number;
}

/** Number of rows after which more rows would hardly make the mean length more precise. */
const MOST_TOKENISED = 4_000;

/** Tokenises all rows of a file, or 4,000 rows that are spread evenly over the rows sorted by size. */
export async function measureLengths(options: {
  dataset: Dataset;
  judge: Judge;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}): Promise<Lengths> {
  const { dataset, judge, clock, signal } = options;
  const chosen = chooseRows(dataset.rowBytes, MOST_TOKENISED);
  const began = clock.monotonic();
  const rows: { row: number; tokens: number }[] = [];
  let shortened = 0;
  for (const row of chosen) {
    signal.throwIfAborted();
    const { ids, cutTokens } = await judge.prepare(row, "ab", null);
    rows.push({ row, tokens: ids.length });
    if (cutTokens > 0) shortened += 1;
    options.onProgress(rows.length, chosen.length);
  }
  const seconds = Math.max(1e-3, (clock.monotonic() - began) / 1_000);
  const tokens = rows.reduce((sum, one) => sum + one.tokens, 0);
  rows.sort((one, other) => one.tokens - other.tokens);
  return {
    rows,
    shortened,
    meanTokens: tokens / rows.length,
    rowsPerSecond: rows.length / seconds,
    tokensPerSecond: tokens / seconds,
  };
}

/** Chooses all rows, or `most` rows at equal distances in the order of their sizes. */
function chooseRows(rowBytes: Uint32Array, most: number): readonly number[] {
  const all = Array.from(rowBytes.keys());
  if (all.length <= most) return all;
  all.sort((one, other) => (rowBytes[one] ?? 0) - (rowBytes[other] ?? 0));
  return Array.from({ length: most }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / most)] ?? 0);
}
