/**
 * An amount of scoring work: the number of prompts, their tokens, and the sum of the squares of their tokens. The time of a set
 * of rows is modelled by these three sums alone, so sets can be added and subtracted without their rows.
 */
export interface Work {
  readonly rows: number;
  readonly tokens: number;
  readonly squares: number;
}

/** No work at all. */
export const NO_WORK: Work = { rows: 0, tokens: 0, squares: 0 };

/** Measures the work of prompts of these lengths (tokens). */
export function workOf(lengths: Iterable<number>): Work {
  let rows = 0;
  let tokens = 0;
  let squares = 0;
  for (const length of lengths) {
    rows += 1;
    tokens += length;
    squares += length * length;
  }
  return { rows, tokens, squares };
}

/** Adds two amounts of work. */
export function addWork(one: Work, other: Work): Work {
  return { rows: one.rows + other.rows, tokens: one.tokens + other.tokens, squares: one.squares + other.squares };
}

/** Subtracts an amount of work; no result is below 0. */
export function takeWork(from: Work, part: Work): Work {
  return {
    rows: Math.max(0, from.rows - part.rows),
    tokens: Math.max(0, from.tokens - part.tokens),
    squares: Math.max(0, from.squares - part.squares),
  };
}

/** Multiplies an amount of work, for example by the share of rows that is scored twice. */
export function scaleWork(work: Work, factor: number): Work {
  return { rows: work.rows * factor, tokens: work.tokens * factor, squares: work.squares * factor };
}

/** Computes the work of the first n prompts for every n from 0 to all of them. `lengths` are in tokens. */
export function sumsOf(lengths: readonly number[]): readonly Work[] {
  const sums = [NO_WORK];
  for (const length of lengths) sums.push(addWork(sums.at(-1) ?? NO_WORK, workOf([length])));
  return sums;
}
