import { isScarce, type Step } from "./ladder.ts";

/** Which rows come next: the sample and then the longest, or the shortest whatever the sample. */
export type OrderPolicy = "longest-first" | "shortest-first";

/** Decides in which order the rows are scored on a step: the shortest first where time is short, so that more rows get an answer. */
export function rowOrderOf(step: Step): OrderPolicy {
  return isScarce(step) ? "shortest-first" : "longest-first";
}

/** The rows that nobody has begun, in a form from which they can be taken in any of the orders. */
export interface Queue {
  readonly tokens: readonly number[];
  /** Rows of all lengths, in their order; those before `next` are taken. */
  readonly sample: readonly number[];
  readonly next: number;
  /** The place in the sample of each of its rows. */
  readonly places: ReadonlyMap<number, number>;
  /** All rows by length; those before `low` and from `high` on are taken. */
  readonly sorted: readonly number[];
  readonly low: number;
  readonly high: number;
  /** Number of rows that are not taken in either way. */
  readonly left: number;
}

/** Lines up `rows` (indices into `tokens`), of which those in `sample` come first when time is ample. */
export function createQueue(tokens: readonly number[], rows: readonly number[], sample: readonly number[]): Queue {
  const sorted = [...rows].sort((one, other) => compareLengths(tokens, one, other));
  const places = new Map(sample.map((row, place) => [row, place]));
  return { tokens, sample, next: 0, places, sorted, low: 0, high: sorted.length, left: sorted.length };
}

/** Compares rows by length; equally long ones by their place in the file. */
export function compareLengths(tokens: readonly number[], one: number, other: number): number {
  return (tokens[one] ?? 0) - (tokens[other] ?? 0) || one - other;
}

/**
 * Takes up to `count` rows. Longest first is for ample time: after the sample, memory trouble shows early and the end is of short rows.
 * Shortest first is for scarce time: more rows get an answer, and those that a shorter context would cut come last.
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
function takeAmple({ tokens, sample, next, places, sorted, low, high }: Queue): Taken {
  const shortest = sorted[low] ?? 0;
  for (let place = next; place < sample.length; place++) {
    const row = sample[place] ?? 0;
    if (compareLengths(tokens, row, shortest) >= 0) return { row, next: place + 1, low, high };
  }
  let top = high - 1;
  while (places.has(sorted[top] ?? 0)) top--;
  return { row: sorted[top] ?? 0, next: sample.length, low, high: top };
}

function takeShortest({ next, places, sorted, low, high }: Queue): Taken {
  let place = low;
  while ((places.get(sorted[place] ?? 0) ?? next) < next) place++;
  return { row: sorted[place] ?? 0, next, low: place + 1, high };
}
