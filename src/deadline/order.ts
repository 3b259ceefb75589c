import type { RowOrder } from "./ladder.ts";

/** The rows that are not taken yet, stored so that either order can take the next one. */
export interface Queue {
  readonly tokens: readonly number[];
  /** A sample of rows of all lengths, in the order in which it is scored. The rows before index `next` are taken. */
  readonly sample: readonly number[];
  readonly next: number;
  /** Index in the sample for each row of the sample. */
  readonly sampleIndex: ReadonlyMap<number, number>;
  /** All rows by length, the shortest first. Those before index `low` and from `high` on are taken. */
  readonly sorted: readonly number[];
  readonly low: number;
  readonly high: number;
  /** Number of rows that are not taken yet. */
  readonly left: number;
}

/** Creates the queue of `rows` (indices into `tokens`). With enough time the rows in `sample` come first. */
export function createQueue(tokens: readonly number[], rows: readonly number[], sample: readonly number[]): Queue {
  const sorted = [...rows].sort((one, other) => compareLengths(tokens, one, other));
  const sampleIndex = new Map(sample.map((row, index) => [row, index]));
  return { tokens, sample, next: 0, sampleIndex, sorted, low: 0, high: sorted.length, left: sorted.length };
}

/** Compares rows by length, and equally long rows by their position in the file. */
export function compareLengths(tokens: readonly number[], one: number, other: number): number {
  return (tokens[one] ?? 0) - (tokens[other] ?? 0) || one - other;
}

/**
 * Takes up to `count` rows. With enough time the longest rows come first, after the sample, because a lack of memory then shows
 * early, and short rows at the end keep every worker busy. When time is scarce the shortest come first, because more rows then
 * get an answer, and the rows that a shorter context would cut come last.
 */
export function takeRows(queue: Queue, order: RowOrder, count: number): { queue: Queue; rows: readonly number[] } {
  let left = queue;
  const rows: number[] = [];
  while (rows.length < count && left.left > 0) {
    const { row, ...moved } = order === "longest-first" ? takeAmple(left) : takeShortest(left);
    left = { ...left, ...moved, left: left.left - 1 };
    rows.push(row);
  }
  return { queue: left, rows };
}

type Taken = Pick<Queue, "next" | "low" | "high"> & { readonly row: number };

/** Takes the next row of the sample that is not taken yet, or else the longest row. */
function takeAmple({ tokens, sample, next, sampleIndex, sorted, low, high }: Queue): Taken {
  const shortest = sorted[low] ?? 0;
  for (let index = next; index < sample.length; index++) {
    const row = sample[index] ?? 0;
    if (compareLengths(tokens, row, shortest) >= 0) return { row, next: index + 1, low, high };
  }
  let top = high - 1;
  while (sampleIndex.has(sorted[top] ?? 0)) top--;
  return { row: sorted[top] ?? 0, next: sample.length, low, high: top };
}

function takeShortest({ next, sampleIndex, sorted, low, high }: Queue): Taken {
  let shortest = low;
  while ((sampleIndex.get(sorted[shortest] ?? 0) ?? next) < next) shortest++;
  return { row: sorted[shortest] ?? 0, next, low: shortest + 1, high };
}
