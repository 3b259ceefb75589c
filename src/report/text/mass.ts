import { quantileSorted } from "../../numbers/quantile.ts";
import type { ReportRow } from "../data/run-data.ts";

/** Gathers the known label masses, ascending, with their median and 5th percentile; null when none is known. */
export function massOf(
  rows: readonly ReportRow[],
): { readonly sorted: readonly number[]; readonly median: number; readonly p5: number } | null {
  const sorted = rows
    .flatMap(({ mass }) => (mass !== null && Number.isFinite(mass) ? [mass] : []))
    .sort((one, other) => one - other);
  return sorted.length === 0 ? null : { sorted, median: quantileSorted(sorted, 0.5), p5: quantileSorted(sorted, 0.05) };
}
