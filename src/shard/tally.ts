import { quantiles } from "../numbers/quantile.ts";
import type { RowRecord } from "../runfolder/rows-file.ts";
import type { Obtained } from "../types.ts";

/** Counts of the rows of all shards. */
export interface JoinedCounts {
  /** Rows by the source of their probabilities; they add up to `total`. */
  readonly rows: Readonly<Record<Obtained, number>> & { readonly total: number };
  /** Number of rows that hold the fallback, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Median and 5th percentile of the label mass of the first reading of each row; null when no row has one. */
  readonly labelMass: { readonly median: number; readonly p5: number } | null;
}

/** Counts records one by one; it keeps 8 bytes a row. */
export function createTally(total: number): {
  readonly add: (record: RowRecord) => void;
  readonly finish: () => JoinedCounts;
} {
  const rows: Record<Obtained, number> = { "both-orders": 0, "one-order": 0, "one-order-short": 0, prior: 0 };
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
    finish: () => {
      const [median, p5] = known === 0 ? [] : quantiles(masses.subarray(0, known), [0.5, 0.05]);
      const labelMass = median === undefined || p5 === undefined ? null : { median, p5 };
      return { rows: { ...rows, total }, reasons, labelMass };
    },
  };
}
