import { normalQuantile } from "../numbers/normal.ts";
import type { Interval } from "./interval.ts";

/**
 * Computes the confidence interval of a share of independent trials (Wilson 1927, "Probable inference, the law of succession,
 * and statistical inference"). `hits` may be fractional, because labels may be shares of votes. Without trials the interval is
 * 0 to 1.
 */
export function wilsonInterval(hits: number, trials: number, level: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const z = normalQuantile((1 + level) / 2);
  const share = hits / trials;
  const weight = 1 / (1 + (z * z) / trials);
  const centre = weight * (share + (z * z) / (2 * trials));
  const reach = weight * z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  // At a share of 0 or 1 one end is exactly 0 or 1; computing it would add a rounding error.
  return { low: share === 0 ? 0 : centre - reach, high: share === 1 ? 1 : centre + reach };
}
