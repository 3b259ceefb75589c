import type { Interval } from "../stats/interval.ts";
import { createSequentialComparison, type SequentialState } from "../stats/sequential-comparison.ts";

/** What early stopping is decided by. */
export interface WatchOptions {
  readonly variants: number;
  /** Rows in the order of the plan, and the group of each row of the file. */
  readonly order: Uint32Array;
  readonly groups: Uint32Array;
  /** Largest difference in log loss that two variants can show on a row, nats. */
  readonly bound: number;
  /** Chance that all verdicts are right, all moments together. */
  readonly level: number;
  /** Differences smaller than this count as none, nats; null: no difference is too small. */
  readonly margin: number | null;
}

/** Watches every pair of variants while rows come in. */
export interface Watch {
  /** Takes in one row that all variants are through with: the log loss of each, null where it could not be scored. */
  readonly add: (row: number, losses: readonly (number | null)[]) => void;
  /** In the order of `pairsOf`; above 0 the second is better. */
  readonly states: () => readonly SequentialState[];
  /** Says whether one variant has been shown to be better than, or as good as, each of the others. */
  readonly known: () => boolean;
}

/** Lists the pairs of variants by their places: 0-1, 0-2, 1-2. */
export function pairsOf(variants: number): readonly (readonly [first: number, second: number])[] {
  const places = Array.from({ length: variants }, (_, place) => place);
  return places.flatMap((first) => places.slice(first + 1).map((second) => [first, second] as const));
}

/** Starts to watch. The level is split over the pairs, so that all verdicts together hold with it. */
export function watchPairs(options: WatchOptions): Watch {
  const { variants, order, groups, bound, margin } = options;
  const pairs = pairsOf(variants);
  const level = levelOfPair(options.level, pairs.length);
  const comparisons = pairs.map(() => createSequentialComparison({ order, groups, bound, level, margin }));
  const states = (): readonly SequentialState[] => comparisons.map((comparison) => comparison.state());
  return {
    add: (row, losses) => {
      for (const [place, [first, second]] of pairs.entries()) {
        const [one, other] = [losses[first] ?? null, losses[second] ?? null];
        comparisons[place]?.add(row, one === null || other === null ? null : one - other);
      }
    },
    states,
    known: () => {
      const verdicts = states().map(({ verdict }) => verdict);
      return Array.from({ length: variants }, (_, place) => place).some((place) =>
        pairs.every(([first, second], pair) => {
          const verdict = verdicts[pair];
          if (first !== place && second !== place) return true;
          return verdict === "equivalent" || verdict === (first === place ? "worse" : "better");
        }),
      );
    },
  };
}

/** Splits a level over pairs (Bonferroni). */
export function levelOfPair(level: number, pairs: number): number {
  return 1 - (1 - level) / pairs;
}

/** What was to be seen of one pair after so many rows. */
export interface InterimLook {
  readonly rows: number;
  readonly mean: number;
  readonly interval: Interval;
}

/** A comparison as it went, from its results. */
export interface Replay {
  readonly states: readonly SequentialState[];
  /** Rows after which the answer was known; null when it never was. */
  readonly knownAfter: number | null;
  /** For each pair what was to be seen, at up to about LOOKS moments. */
  readonly looks: readonly (readonly InterimLook[])[];
}

const LOOKS = 200;

/**
 * Replays a comparison in the order of its plan: the same results give the same path, however often it was interrupted. `lossesOf`
 * gives the losses of a row, null when not all variants are through with it.
 */
export function replay(options: WatchOptions, lossesOf: (row: number) => readonly (number | null)[] | null): Replay {
  const watch = watchPairs(options);
  const looks: InterimLook[][] = pairsOf(options.variants).map(() => []);
  const every = Math.ceil(options.order.length / LOOKS);
  let knownAfter: number | null = null;
  let seen = 0;
  for (const row of options.order) {
    const losses = lossesOf(row);
    if (losses === null) continue;
    watch.add(row, losses);
    seen += 1;
    if (knownAfter === null && watch.known()) knownAfter = seen;
    if (seen % every === 0 || knownAfter === seen) note(looks, watch.states());
  }
  return { states: watch.states(), knownAfter, looks };
}

function note(looks: readonly InterimLook[][], states: readonly SequentialState[]): void {
  for (const [place, { rows, mean, interval }] of states.entries()) {
    const path = looks[place];
    if (path !== undefined && rows > (path.at(-1)?.rows ?? 0)) path.push({ rows, mean, interval });
  }
}
