import { mean } from "../numbers/sums.ts";
import { sumByGroup } from "./groups.ts";
import type { Interval } from "./interval.ts";
import { standardErrorOf } from "./resample.ts";
import { wilsonInterval } from "./wilson.ts";

/**
 * Computes the confidence interval of a share of rows that come in groups: Wilson's interval with the effective number
 * of rows, which is the number of independent rows whose share would have the same variance (Korn and Graubard 1998,
 * "Confidence intervals for proportions with small expected number of positive counts estimated from survey data"). The
 * interval lies within 0 and 1, and has a width also when all rows are alike; every group then counts as one row.
 * `hits` contains 0 or 1 for each row, at least one row.
 */
export function rateInterval(hits: Float64Array, groups: Uint32Array, level: number): Interval {
  const share = mean(hits);
  const byGroup = sumByGroup(hits, groups);
  const variance = standardErrorOf(byGroup) ** 2;
  const effective = variance === 0 ? byGroup.sums.length : Math.min(hits.length, (share * (1 - share)) / variance);
  return wilsonInterval(share * effective, effective, level);
}
