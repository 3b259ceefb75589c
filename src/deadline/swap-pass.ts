import { addWork, NO_WORK, sumsOf, takeWork, type Work, workOf } from "../forecast/work.ts";

/** A row of the ranking, which may get the swapped order. */
export interface SwapRow {
  readonly row: number;
  /** Prompt tokens that it would take. */
  readonly tokens: number;
  /** The token budget of its first answer, and so of its second; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** Progress of the swap pass. */
export interface SwapPass {
  /** The most valuable row first; null until there is a ranking. */
  readonly ranked: readonly SwapRow[] | null;
  /** Work of the first n rows of the ranking, for every n. */
  readonly sums: readonly Work[];
  /** Rows of the ranking that were taken. */
  readonly taken: number;
  /** Rows of the ranking that may be taken. */
  readonly allowed: number;
  /** Rows that were taken from former rankings. */
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

/** Replaces the ranking, without rows already begun. No row may be taken before the next decision. */
export function withRanking(swap: SwapPass, rows: readonly SwapRow[]): SwapPass {
  const begun = swap.ranked?.slice(0, swap.taken).map(({ row }) => row) ?? [];
  const begunBefore = new Set([...swap.begunBefore, ...begun]);
  const ranked = rows.filter(({ row }) => !begunBefore.has(row));
  const sums = sumsOf(ranked.map(({ tokens }) => tokens));
  return { ...swap, begunBefore, ranked, sums, taken: 0, allowed: 0 };
}

/** Counts the rows that were begun. */
export function begunRows({ begunBefore, taken }: SwapPass): number {
  return begunBefore.size + taken;
}

/** Takes up to `count` rows that are allowed. */
export function takeSwapRows(swap: SwapPass, count: number): { swap: SwapPass; rows: readonly SwapRow[] } {
  const to = Math.min(swap.taken + count, swap.allowed);
  const rows = swap.ranked?.slice(swap.taken, to) ?? [];
  const inFlight = addWork(swap.inFlight, workOf(rows.map(({ tokens }) => tokens)));
  return { swap: { ...swap, taken: Math.max(swap.taken, to), inFlight }, rows };
}

/** Takes note that rows ended, with an answer or without; without one they keep their first answer. */
export function endSwapRows(swap: SwapPass, tokens: readonly number[], answered: boolean): SwapPass {
  const ended = swap.answered + swap.gaveUp + tokens.length;
  return {
    ...swap,
    answered: swap.answered + (answered ? tokens.length : 0),
    gaveUp: swap.gaveUp + (answered ? 0 : tokens.length),
    inFlight: ended >= begunRows(swap) ? NO_WORK : takeWork(swap.inFlight, workOf(tokens)),
  };
}

/** Work of the rows in flight and of the ranking's next rows up to the n-th. */
export function workUpTo({ sums, taken, inFlight }: SwapPass, n: number): Work {
  return addWork(inFlight, takeWork(sums[n] ?? NO_WORK, sums[taken] ?? NO_WORK));
}

/** Finds the largest n between `least` and `most` that fits, when smaller ones fit too; `least` when none does. */
export function mostThatFit(least: number, most: number, fits: (n: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
