/** Which rows come next: the pilot and then the longest, or the shortest whatever the pilot. */
export type OrderPolicy = "longest-first" | "shortest-first";

/** The rows that nobody has begun, in a form from which they can be taken in any of the orders. */
export interface Queue {
  readonly tokens: readonly number[];
  /** What is left of the pilot, in its order. */
  readonly pilot: readonly number[];
  /** All other rows by length; those from `low` up to `high` (exclusive) are left. */
  readonly sorted: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** Lines up `rows` (indices into `tokens`), some of which are the pilot. */
export function createQueue(tokens: readonly number[], rows: readonly number[], pilot: readonly number[]): Queue {
  const inPilot = new Set(pilot);
  const sorted = rows.filter((row) => !inPilot.has(row));
  sorted.sort((one, other) => (tokens[one] ?? 0) - (tokens[other] ?? 0) || one - other);
  return { tokens, pilot, sorted, low: 0, high: sorted.length };
}

/** Counts the rows that are left. */
export function queued({ pilot, low, high }: Queue): number {
  return pilot.length + high - low;
}

/**
 * Takes up to `count` rows. Longest first is for ample time: memory trouble shows early and no long row is left for the end.
 * Shortest first is for scarce time: more rows get an answer, and those that a shorter context would cut come last.
 */
export function takeRows(queue: Queue, policy: OrderPolicy, count: number): { queue: Queue; rows: readonly number[] } {
  let left = queue;
  const rows: number[] = [];
  while (rows.length < count && queued(left) > 0) {
    const next = takeOne(left, policy);
    left = next.queue;
    if (next.row !== undefined) rows.push(next.row);
  }
  return { queue: left, rows };
}

interface Taken {
  readonly queue: Queue;
  readonly row: number | undefined;
}

function takeOne(queue: Queue, policy: OrderPolicy): Taken {
  const { pilot, sorted, low, high } = queue;
  switch (policy) {
    case "longest-first": {
      const [row, ...rest] = pilot;
      if (row !== undefined) return { queue: { ...queue, pilot: rest }, row };
      return { queue: { ...queue, high: high - 1 }, row: sorted[high - 1] };
    }
    case "shortest-first": {
      const length = (row: number | undefined): number => queue.tokens[row ?? -1] ?? Number.POSITIVE_INFINITY;
      const fromPilot = pilot.reduce<number | undefined>((a, b) => (length(b) < length(a) ? b : a), undefined);
      const fromSorted = low < high ? sorted[low] : undefined;
      if (fromPilot !== undefined && length(fromPilot) < length(fromSorted)) {
        return { queue: { ...queue, pilot: pilot.filter((row) => row !== fromPilot) }, row: fromPilot };
      }
      return { queue: { ...queue, low: low + 1 }, row: fromSorted };
    }
    default:
      return policy satisfies never;
  }
}
