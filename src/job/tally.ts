import { quantiles } from "../numbers/quantile.ts";
import type { Obtained } from "../types.ts";

/** Counts of the rows of a run, or of the runs of all shards. */
export interface RowCounts {
  /** Rows by the source of their probabilities; they add up to `total`. */
  readonly rows: Readonly<Record<Obtained, number>> & { readonly total: number };
  /** Number of rows that hold the prior, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Median and 5th percentile of the label mass of the first reading of each row; null when no row has one. */
  readonly labelMass: { readonly median: number; readonly p5: number } | null;
}

/** What is counted of a row. */
export interface CountedRow {
  readonly obtained: Obtained;
  /** Why the row holds the prior; of no meaning for another row. */
  readonly reason: string | null;
  readonly ab: { readonly mass: number | null } | null;
  readonly ba: { readonly mass: number | null } | null;
}

/** Counts rows one by one; it keeps 8 bytes a row. */
export function createTally(total: number): {
  readonly add: (row: CountedRow) => void;
  readonly finish: () => RowCounts;
} {
  const rows: Record<Obtained, number> = {
    "second-judge-both-orders": 0,
    "second-judge-one-order": 0,
    "both-orders": 0,
    "one-order": 0,
    "one-order-short": 0,
    prior: 0,
  };
  const reasons: Record<string, number> = {};
  const masses = new Float64Array(total);
  let known = 0;
  return {
    add: ({ obtained, reason, ab, ba }) => {
      rows[obtained] += 1;
      if (obtained === "prior") reasons[reason ?? "unknown"] = (reasons[reason ?? "unknown"] ?? 0) + 1;
      const mass = (ab ?? ba)?.mass ?? null;
      if (mass === null) return;
      masses[known] = mass;
      known += 1;
    },
    finish: () => ({ rows: { ...rows, total }, reasons, labelMass: massOf(masses.subarray(0, known)) }),
  };
}

function massOf(masses: Float64Array): RowCounts["labelMass"] {
  if (masses.length === 0) return null;
  const [median, p5] = quantiles(masses, [0.5, 0.05]) as [number, number];
  return { median, p5 };
}
