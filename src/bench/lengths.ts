import type { Dataset } from "../dataset/open-dataset.ts";
import type { Judge } from "../judge/judge.ts";
import type { Clock } from "../types.ts";

/** How long the rows of a file are, from all of them or from a sample spread evenly over their sizes. */
export interface Lengths {
  /** Rows that were tokenised, from the shortest to the longest. */
  readonly rows: readonly { readonly row: number; readonly tokens: number }[];
  readonly shortened: number;
  readonly meanTokens: number;
  /** How fast one core prepared them. */
  readonly rowsPerSecond: number;
  readonly tokensPerSecond: number;
}

/** Prepares rows to learn their lengths: all of them, or `most` spread evenly over the file sorted by size. */
export async function measureLengths(options: {
  dataset: Dataset;
  judging: Judge;
  most: number;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}): Promise<Lengths> {
  const { dataset, judging, most, clock, signal } = options;
  const chosen = chooseRows(dataset.rowBytes, most);
  const began = clock.monotonic();
  const rows: { row: number; tokens: number }[] = [];
  let shortened = 0;
  for (const row of chosen) {
    signal.throwIfAborted();
    const { ids, cutTokens } = await judging.prepare(row, "ab", null);
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

/** All rows, or `most` of them at equal distances in the order of their sizes. */
function chooseRows(rowBytes: Uint32Array, most: number): readonly number[] {
  const all = Array.from(rowBytes.keys());
  if (all.length <= most) return all;
  all.sort((one, other) => (rowBytes[one] ?? 0) - (rowBytes[other] ?? 0));
  return Array.from({ length: most }, (_, place) => all[Math.floor(((place + 0.5) * all.length) / most)] ?? 0);
}
