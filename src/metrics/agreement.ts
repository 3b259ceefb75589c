import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import { distance, perClass } from "../classes.ts";
import { normalQuantile } from "../numbers/normal.ts";
import { mean, sum } from "../numbers/sums.ts";
import { sumByGroup } from "../stats/groups.ts";
import type { Interval } from "../stats/interval.ts";
import { rateInterval } from "../stats/rate-interval.ts";
import type { ClassIndex } from "../types.ts";
import { type Confusion, largestOf } from "./accuracy.ts";

/** The agreement of two judges on the same rows. It needs no labels, so it does not show which judge is better. */
export interface Agreement {
  readonly rows: number;
  /** Number of different prompts in the rows. */
  readonly groups: number;
  /** Share of rows with the same verdict, 0 to 1. The verdict is the most probable class. */
  readonly share: number;
  readonly shareInterval: Interval;
  /** Cohen's kappa; null when both judges give every row the same verdict, because chance alone would agree as often. */
  readonly kappa: Kappa | null;
  /** Mean total variation distance between the probabilities of both judges, 0 to 1. */
  readonly distance: number;
  /** Number of rows by the verdict of the first judge (outer) and of the second (inner), in the order a, b, tie. */
  readonly verdicts: Confusion;
}

/** Agreement beyond chance: 1 is perfect, 0 is as often as chance would agree with the same shares of verdicts. */
export interface Kappa {
  readonly value: number;
  /** Null with fewer than four groups, and when the judges agree on all rows: the error can then not be estimated. */
  readonly interval: Interval | null;
}

/** With fewer groups, the error of kappa is not estimated. */
const FEWEST_GROUPS = 4;

/** Measures the agreement of two judges on at least one row. */
export function agreementOf(first: ClassMatrix, second: ClassMatrix, groups: Uint32Array, level = 0.95): Agreement {
  const rows = sameRows(first, second);
  const pairs = Array.from({ length: rows }, (_, row) => [largestOf(first, row), largestOf(second, row)] as const);
  const same = Float64Array.from(pairs, ([one, other]) => Number(one === other));
  const distances = Array.from({ length: rows }, (_, row) => distance(rowAt(first, row), rowAt(second, row)));
  const count = (one: number, other: number): number =>
    pairs.filter(([mine, theirs]) => mine === one && theirs === other).length;
  return {
    rows,
    groups: new Set(groups).size,
    share: mean(same),
    shareInterval: rateInterval(same, groups, level),
    kappa: kappaOf(pairs, groups, level),
    distance: mean(distances),
    verdicts: first.classes.map((_, one) => perClass(first.classes, (__, other) => count(one, other))),
  };
}

/**
 * Computes Cohen's kappa (Cohen 1960, "A coefficient of agreement for nominal scales") with a normal interval. The
 * standard error is the large-sample one of Fleiss, Cohen and Everitt 1969, "Large sample standard errors of kappa and
 * weighted kappa", as a sum of influences, so that the rows of a group can count as one observation.
 */
function kappaOf(
  pairs: readonly (readonly [first: ClassIndex, second: ClassIndex])[],
  groups: Uint32Array,
  level: number,
): Kappa | null {
  const shareOf = (judge: 0 | 1, name: ClassIndex): number => mean(pairs.map((pair) => Number(pair[judge] === name)));
  const [ones, others] = ([0, 1] as const).map((judge) => ([0, 1, 2] as const).map((name) => shareOf(judge, name))) as [
    number[],
    number[],
  ];
  const observed = mean(pairs.map(([one, other]) => Number(one === other)));
  const byChance = sum(ones.map((share, name) => share * (others[name] as number)));
  if (byChance === 1) return null;
  const value = (observed - byChance) / (1 - byChance);
  // The derivatives of kappa = 1 - (1 - observed) / (1 - byChance) by the weight of each row.
  const influences = Float64Array.from(pairs, ([one, other]) => {
    const chance = (others[one] as number) + (ones[other] as number) - 2 * byChance;
    return (Number(one === other) - observed - (1 - value) * chance) / (1 - byChance);
  });
  const { sums } = sumByGroup(influences, groups);
  if (sums.length < FEWEST_GROUPS || observed === 1) return { value, interval: null };
  const reach = (normalQuantile((1 + level) / 2) * Math.sqrt(sum(sums.map((total) => total ** 2)))) / pairs.length;
  return { value, interval: { low: Math.max(-1, value - reach), high: Math.min(1, value + reach) } };
}
