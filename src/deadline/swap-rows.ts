import { addWork, NO_WORK, sumsOf, takeWork, type Work, workOf } from "../forecast/work.ts";

/** A row that may get the swapped order, in the ranking. */
export interface SecondRow {
  readonly row: number;
  /** Prompt tokens that it would take. */
  readonly tokens: number;
  /** The token budget of its first answer, which the second has too; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** How far the second pass is. */
export interface SecondPass {
  /** Most worth first; null until there is a ranking. */
  readonly ranked: readonly SecondRow[] | null;
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

/** A second pass that has not begun. */
export const NO_SECOND_PASS: SecondPass = {
  ranked: null,
  sums: [NO_WORK],
  taken: 0,
  allowed: 0,
  begunBefore: new Set(),
  answered: 0,
  gaveUp: 0,
  inFlight: NO_WORK,
};

/** Takes a new ranking over; rows that were begun are left out. Nothing is allowed before the next decision. */
export function rankRows(second: SecondPass, rows: readonly SecondRow[]): SecondPass {
  const begun = second.ranked?.slice(0, second.taken).map(({ row }) => row) ?? [];
  const begunBefore = new Set([...second.begunBefore, ...begun]);
  const ranked = rows.filter(({ row }) => !begunBefore.has(row));
  const sums = sumsOf(ranked.map(({ tokens }) => tokens));
  return { ...second, begunBefore, ranked, sums, taken: 0, allowed: 0 };
}

/** Counts the rows that were begun. */
export function begunRows({ begunBefore, taken }: SecondPass): number {
  return begunBefore.size + taken;
}

/** Takes up to `count` rows that are allowed. */
export function takeSecond(second: SecondPass, count: number): { second: SecondPass; rows: readonly SecondRow[] } {
  const to = Math.min(second.taken + count, second.allowed);
  const rows = second.ranked?.slice(second.taken, to) ?? [];
  const inFlight = addWork(second.inFlight, workOf(rows.map(({ tokens }) => tokens)));
  return { second: { ...second, taken: Math.max(second.taken, to), inFlight }, rows };
}

/** Notes that rows ended, with an answer or without; without one they keep their first. */
export function endSecond(second: SecondPass, tokens: readonly number[], answered: boolean): SecondPass {
  const ended = second.answered + second.gaveUp + tokens.length;
  return {
    ...second,
    answered: second.answered + (answered ? tokens.length : 0),
    gaveUp: second.gaveUp + (answered ? 0 : tokens.length),
    inFlight: ended >= begunRows(second) ? NO_WORK : takeWork(second.inFlight, workOf(tokens)),
  };
}

/** Work of the rows in flight and of the ranking's next rows up to the n-th. */
export function workUpTo({ sums, taken, inFlight }: SecondPass, n: number): Work {
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
