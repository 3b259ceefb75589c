import type { Interval } from "../stats/interval.ts";
import {
  createSequentialComparison,
  type SequentialState,
  type SequentialVerdict,
} from "../stats/sequential-comparison.ts";

/** The plan of a comparison that may stop early. */
export interface SequentialPlan {
  readonly variants: number;
  /** The rows in the order in which they are scored, and the group number of each row of the file. */
  readonly order: Uint32Array;
  readonly groups: Uint32Array;
  /** Largest possible difference between the log losses of two variants on a row, nats. */
  readonly bound: number;
  /** Probability that the intervals of all pairs hold at every look at the same time. */
  readonly level: number;
  /** A smaller difference (nats) counts as no difference; null: no difference is too small to count. */
  readonly margin: number | null;
  /** Whether intervals are followed in fine steps, see SequentialOptions; default true. */
  readonly fine?: boolean;
}

/** Compares every pair of variants while rows are scored. */
export interface SequentialPairs {
  /**
   * Adds a row that all variants that are still in have finished: the log loss of each variant, null where the row could not be
   * scored, and undefined where it was not scored because the variant is out. Call this once for each row.
   */
  readonly add: (row: number, losses: readonly (number | null | undefined)[]) => void;
  /**
   * Returns the state of each pair in the order of `pairsOf`. A mean above 0 means that the second variant is better.
   */
  readonly states: () => readonly SequentialState[];
  /**
   * Returns for each variant whether it is still in: no other is shown to be better. Because all intervals hold together, the best
   * variant is out with a probability of at most 1 - level, whenever and however often this is asked.
   */
  readonly survivors: () => readonly boolean[];
  /** Returns whether one variant is shown to be better than each of the others that are still in, or as good. */
  readonly isDecided: () => boolean;
}

/** Lists the pairs of variants by their indexes, for example 0-1, 0-2, 1-2. */
export function pairsOf(variants: number): readonly (readonly [first: number, second: number])[] {
  const indexes = Array.from({ length: variants }, (_, index) => index);
  return indexes.flatMap((first) => indexes.slice(first + 1).map((second) => [first, second] as const));
}

/**
 * Starts to compare all pairs. The allowed error is divided among the pairs, so that the intervals of all pairs
 * together hold with `level`.
 */
export function createSequentialPairs(plan: SequentialPlan): SequentialPairs {
  const { variants, order, groups, bound, margin, fine = true } = plan;
  const pairs = pairsOf(variants);
  const level = levelOfPair(plan.level, pairs.length);
  const comparisons = pairs.map(() => createSequentialComparison({ order, groups, bound, level, margin, fine }));
  const survivorsBy = (verdicts: readonly SequentialVerdict[]): readonly boolean[] =>
    Array.from({ length: variants }, (_, variant) =>
      pairs.every(([first, second], index) => {
        const lost = verdicts[index] === "better" ? first : verdicts[index] === "worse" ? second : null;
        return lost !== variant;
      }),
    );
  const states = (): readonly SequentialState[] => comparisons.map((comparison) => comparison.state());
  return {
    add: (row, losses) => {
      for (const [index, [first, second]] of pairs.entries()) {
        const [one, other] = [losses[first], losses[second]];
        if (one === undefined || other === undefined) continue;
        comparisons[index]?.add(row, one === null || other === null ? null : one - other);
      }
    },
    states,
    survivors: () => survivorsBy(comparisons.map((comparison) => comparison.verdict())),
    isDecided: () => {
      const verdicts = comparisons.map((comparison) => comparison.verdict());
      const isIn = survivorsBy(verdicts);
      const isBest = (variant: number): boolean =>
        pairs.every(([first, second], index) => {
          const verdict = verdicts[index];
          if (first !== variant && second !== variant) return true;
          if (isIn[first === variant ? second : first] === false) return true;
          return verdict === "equivalent" || verdict === (first === variant ? "worse" : "better");
        });
      return Array.from({ length: variants }, (_, variant) => variant).some(
        (variant) => isIn[variant] === true && isBest(variant),
      );
    },
  };
}

/** Returns the level of each pair that gives all pairs together this level (Bonferroni). */
export function levelOfPair(level: number, pairs: number): number {
  return 1 - (1 - level) / pairs;
}

/** The state of one pair after a number of rows. */
export interface InterimLook {
  readonly rows: number;
  readonly mean: number;
  readonly interval: Interval;
}

/** The history of a comparison, computed again from its results. */
export interface Replay {
  readonly states: readonly SequentialState[];
  /** Number of rows after which the comparison was decided; null when it was never decided. */
  readonly decidedAfter: number | null;
  /** For each variant, the number of rows after which another was shown to be better; null when it is still in. */
  readonly outAfter: readonly (number | null)[];
  /** For each pair, its states at up to about 200 numbers of rows. */
  readonly looks: readonly (readonly InterimLook[])[];
}

/**
 * Returns the losses of a row as SequentialPairs.add takes them, or null when a variant that is still in has not finished it.
 */
export type LossesOf = (row: number, isIn: readonly boolean[]) => readonly (number | null | undefined)[] | null;

const LOOKS = 200;

/**
 * Computes a comparison again in the order of its plan, so that the same results give the same history, however often
 * it was interrupted. `lossesOf` returns the losses of a row, or null when not every variant that is still in has finished it.
 */
export function replay(plan: SequentialPlan, lossesOf: LossesOf): Replay {
  const pairs = createSequentialPairs(plan);
  const looks: InterimLook[][] = pairsOf(plan.variants).map(() => []);
  const every = Math.ceil(plan.order.length / LOOKS);
  const outAfter: (number | null)[] = Array.from({ length: plan.variants }, () => null);
  let decidedAfter: number | null = null;
  let rows = 0;
  for (const row of plan.order) {
    const isIn = pairs.survivors();
    for (const [variant, is] of isIn.entries()) if (!is) outAfter[variant] ??= rows;
    const losses = lossesOf(row, isIn);
    if (losses === null) continue;
    pairs.add(row, losses);
    rows += 1;
    if (decidedAfter === null && pairs.isDecided()) decidedAfter = rows;
    if (rows % every === 0 || decidedAfter === rows) addLooks(looks, pairs.states());
  }
  for (const [variant, is] of pairs.survivors().entries()) if (!is) outAfter[variant] ??= rows;
  return { states: pairs.states(), decidedAfter, outAfter, looks };
}

function addLooks(looks: readonly InterimLook[][], states: readonly SequentialState[]): void {
  for (const [index, { rows, mean, interval }] of states.entries()) {
    const path = looks[index];
    if (path !== undefined && rows > (path.at(-1)?.rows ?? 0)) path.push({ rows, mean, interval });
  }
}
