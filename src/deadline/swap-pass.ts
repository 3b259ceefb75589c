import { addWork, NO_WORK, sumsOf, takeWork, type Work, workOf } from "../forecast/work.ts";
import type { Order } from "../types.ts";

/**
 * A prompt of the ranking: a row in the order that it may get after the first pass. That is the swapped order; of the second of two
 * judges, which has no first pass, it may be either.
 */
export interface SwapRow {
  readonly row: number;
  readonly order: Order;
  /** Prompt tokens that it would take. */
  readonly tokens: number;
  /** Token budget of the row's first answer, which also holds for this one; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** Progress of the swap pass. */
export interface SwapPass {
  /** The most valuable row first; null until there is a ranking. */
  readonly ranked: readonly SwapRow[] | null;
  /** Element n is the work of the first n rows of the ranking. */
  readonly sums: readonly Work[];
  /** Number of rows of the ranking that were taken. */
  readonly taken: number;
  /** Number of rows from the start of the ranking that may be taken, the taken ones included. */
  readonly allowed: number;
  /** The prompts that were taken from earlier rankings, by `keyOf`. */
  readonly begunBefore: ReadonlySet<number>;
  readonly answered: number;
  readonly gaveUp: number;
  readonly inFlight: Work;
}

/** A swap pass that has not begun. */
export const NO_SWAP_PASS: SwapPass = {
  ranked: null,
  sums: [NO_WORK],
  taken: 0,
  allowed: 0,
  begunBefore: new Set(),
  answered: 0,
  gaveUp: 0,
  inFlight: NO_WORK,
};

/** Replaces the ranking and leaves out prompts that were already begun. Further ones can be taken only after the next decision. */
export function withRanking(swap: SwapPass, rows: readonly SwapRow[]): SwapPass {
  const begun = swap.ranked?.slice(0, swap.taken).map(keyOf) ?? [];
  const begunBefore = new Set([...swap.begunBefore, ...begun]);
  const ranked = rows.filter((prompt) => !begunBefore.has(keyOf(prompt)));
  const sums = sumsOf(ranked.map(({ tokens }) => tokens));
  return { ...swap, begunBefore, ranked, sums, taken: 0, allowed: 0 };
}

function keyOf({ row, order }: Pick<SwapRow, "row" | "order">): number {
  return 2 * row + (order === "ab" ? 0 : 1);
}

/** Counts the rows that were begun. */
export function begunRows({ begunBefore, taken }: SwapPass): number {
  return begunBefore.size + taken;
}

/** Counts the rows that were begun and have not ended. */
export function rowsInFlight(swap: SwapPass): number {
  return begunRows(swap) - swap.answered - swap.gaveUp;
}

/** Takes up to `count` rows that are allowed. */
export function takeSwapRows(swap: SwapPass, count: number): { swap: SwapPass; rows: readonly SwapRow[] } {
  const to = Math.min(swap.taken + count, swap.allowed);
  const rows = swap.ranked?.slice(swap.taken, to) ?? [];
  const inFlight = addWork(swap.inFlight, workOf(rows.map(({ tokens }) => tokens)));
  return { swap: { ...swap, taken: Math.max(swap.taken, to), inFlight }, rows };
}

/** Records that rows ended. Rows without an answer in the swapped order keep their first answer. */
export function endSwapRows(swap: SwapPass, tokens: readonly number[], answered: boolean): SwapPass {
  const ended = swap.answered + swap.gaveUp + tokens.length;
  return {
    ...swap,
    answered: swap.answered + (answered ? tokens.length : 0),
    gaveUp: swap.gaveUp + (answered ? 0 : tokens.length),
    inFlight: ended >= begunRows(swap) ? NO_WORK : takeWork(swap.inFlight, workOf(tokens)),
  };
}

/** Computes the work of the rows in flight and of the next rows of the ranking, up to the n-th. */
export function workUpTo({ sums, taken, inFlight }: SwapPass, n: number): Work {
  return addWork(inFlight, takeWork(sums[n] ?? NO_WORK, sums[taken] ?? NO_WORK));
}

/**
 * Finds by bisection the largest n between `least` and `most` for which `fits` is true; `least` when it is true for none. If
 * `fits` is true for an n, it must be true for all smaller ones.
 */
export function mostThatFit(least: number, most: number, fits: (n: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
