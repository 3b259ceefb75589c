import { mean } from "../numbers/sums.ts";
import { type ConfidenceSequence, createConfidenceSequence } from "./confidence-sequence.ts";
import type { Interval } from "./interval.ts";

export interface SequentialOptions {
  /** All rows in the order that groupOrder gives, in which the rows of a group are together. */
  readonly order: Uint32Array;
  /** Group number of each row of the file. */
  readonly groups: Uint32Array;
  /** Largest absolute difference that a row can have, in nats. */
  readonly bound: number;
  /**
   * 1 - probability that the verdict is ever wrong. Default 0.95. With several pairs, divide 1 - level by the number of pairs.
   */
  readonly level?: number;
  /**
   * Differences smaller than this, in nats, count as no difference; with null a comparison never ends as equivalent. Default
   * null.
   */
  readonly margin?: number | null;
  /**
   * Whether the interval is followed in fine steps; default true. Without, its ends are the means that decide the verdict or the
   * bound, and a row takes a hundredth of the time. The verdict is the same.
   */
  readonly fine?: boolean;
}

/** "better": the mean difference is above 0; "worse": below 0; "equivalent": between -margin and margin. */
export type SequentialVerdict = "undecided" | "better" | "worse" | "equivalent";

export interface SequentialState {
  readonly verdict: SequentialVerdict;
  /** Number of complete groups that have a difference. The verdict is based on these groups. */
  readonly groups: number;
  /** Number of rows with a difference in these groups. */
  readonly rows: number;
  /** Mean of the groups' mean differences, in nats. Every group (prompt) has the same weight. */
  readonly mean: number;
  /** Interval of `mean`, valid at every moment; its ends are rounded outwards to a grid. */
  readonly interval: Interval;
  /**
   * Estimated number of further rows until a verdict if the difference stays the same; null when the verdict is decided, when
   * the mean is 0, or when more than 10 million rows would be needed.
   */
  readonly moreRows: number | null;
}

export interface SequentialComparison {
  /** Adds the difference of a row, in nats; null when the row could not be scored. Rows may come in any order, each once. */
  readonly add: (row: number, difference: number | null) => void;
  readonly state: () => SequentialState;
  /** The verdict of `state` alone, at a small part of its cost. */
  readonly verdict: () => SequentialVerdict;
}

/**
 * Creates a paired comparison that may be read after every row and stopped at any moment: the probability that it ever gives a
 * wrong verdict stays below 1 - level. The mean difference of each group (rows that share a prompt) is one observation of a
 * confidence sequence. Groups are added in an order that is fixed beforehand and not in the order in which the answers arrive,
 * because an order that depends on the time of the answers could favour one variant. Groups count as independent draws.
 */
export function createSequentialComparison(options: SequentialOptions): SequentialComparison {
  const { order, groups, bound, level = 0.95, margin = null, fine = true } = options;
  const sequence = createConfidenceSequence({ bound, level, candidates: candidateMeans(bound, margin, fine) });
  const differences = new Map<number, number | null>();
  let next = 0;
  let rows = 0;

  const addCompleteGroups = (): void => {
    for (;;) {
      const members = groupAt(order, groups, next);
      if (members.length === 0 || !members.every((row) => differences.has(row))) return;
      const known = [...members].map((row) => differences.get(row) ?? null).filter((value) => value !== null);
      for (const row of members) differences.delete(row);
      next += members.length;
      if (known.length === 0) continue;
      rows += known.length;
      sequence.observe(mean(known));
    }
  };

  return {
    add: (row, difference) => {
      differences.set(row, difference);
      addCompleteGroups();
    },
    verdict: () => verdictOf(sequence, margin),
    state: () => {
      const verdict = verdictOf(sequence, margin);
      const observed = sequence.count();
      return {
        verdict,
        groups: observed,
        rows,
        mean: sequence.mean(),
        interval: sequence.interval(),
        moreRows: verdict === "undecided" ? moreRows(sequence, level, bound, rows) : null,
      };
    },
  };
}

function groupAt(order: Uint32Array, groups: Uint32Array, start: number): Uint32Array {
  let end = start;
  while (end < order.length && groups[order[end] as number] === groups[order[start] as number]) end += 1;
  return order.subarray(start, end);
}

/** Lists the means to test: a grid with steps of 0.001 near 0 and of 5 % far from it, and the means that decide the verdict. */
function candidateMeans(bound: number, margin: number | null, fine: boolean): number[] {
  const means = new Set<number>([0]);
  for (let step = 1; fine; step += 1) {
    const mean = 0.02 * Math.sinh(step / 20);
    if (mean >= bound) break;
    means.add(mean).add(-mean);
  }
  if (margin !== null) means.add(margin).add(-margin);
  return [...means].sort((one, other) => one - other);
}

function verdictOf(sequence: ConfidenceSequence, margin: number | null): SequentialVerdict {
  const zero = sequence.side(0);
  if (zero !== null) return zero === "above" ? "better" : "worse";
  if (margin !== null && sequence.side(margin) === "below" && sequence.side(-margin) === "above") return "equivalent";
  return "undecided";
}

/**
 * Estimates the number of rows until the evidence against 0 is sufficient. At Kelly's stake the logarithm of the evidence grows
 * by about mean² / (2 · mean square) per observation, and by less when the bound does not allow that stake.
 */
function moreRows(sequence: ConfidenceSequence, level: number, bound: number, rows: number): number | null {
  const mean = Math.abs(sequence.mean());
  if (mean === 0) return null;
  const square = sequence.meanSquare();
  const stake = Math.min(mean / square, 1 / bound);
  const growth = stake * mean - (stake * stake * square) / 2;
  const missing = Math.log(2 / (1 - level)) - sequence.logEvidence(0, sequence.mean() > 0 ? "above" : "below");
  const more = Math.ceil((missing / growth) * (rows / sequence.count()));
  return more > MOST_ROWS ? null : more;
}

const MOST_ROWS = 10_000_000;
