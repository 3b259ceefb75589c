import { isScarce, type Step } from "./ladder.ts";

/** Which rows come next: the sample and then the longest, or the shortest whether in the sample or not. */
export type OrderPolicy = "longest-first" | "shortest-first";

/** Decides in which order the rows are scored on a step: the shortest first where time is short, so that more rows get an answer. */
export function rowOrderOf(step: Step): OrderPolicy {
  return isScarce(step) ? "shortest-first" : "longest-first";
}

/** The rows not yet taken, kept so that they can be taken by either policy. */
export interface Queue {
  readonly tokens: readonly number[];
  /** A sample of rows of all lengths, in the order in which it is scored; those before `next` are taken. */
  readonly sample: readonly number[];
  readonly next: number;
  /** Index in the sample of each of its rows. */
  readonly sampleIndex: ReadonlyMap<number, number>;
  /** All rows by length; those before `low` and from `high` on are taken. */
  readonly sorted: readonly number[];
  readonly low: number;
  readonly high: number;
  /** Number of rows not taken yet. */
  readonly left: number;
}

/** Lines up `rows` (indices into `tokens`), of which those in `sample` come first when time is ample. */
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
 * Takes up to `count` rows. With ample time the longest come first, after the sample: a lack of memory shows early, and short
 * rows at the end keep every worker busy. With scarce time the shortest come first: more rows get an answer, and those that a
 * shorter context would cut come last.
 */
export function takeRows(queue: Queue, policy: OrderPolicy, count: number): { queue: Queue; rows: readonly number[] } {
  let left = queue;
  const rows: number[] = [];
  while (rows.length < count && left.left > 0) {
    const { row, ...moved } = policy === "longest-first" ? takeAmple(left) : takeShortest(left);
    left = { ...left, ...moved, left: left.left - 1 };
    rows.push(row);
  }
  return { queue: left, rows };
}

type Taken = Pick<Queue, "next" | "low" | "high"> & { readonly row: number };

/** The next row of the sample, or the longest. */
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
