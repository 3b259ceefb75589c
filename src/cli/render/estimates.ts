import { formatFixed } from "../../format.ts";

/** A mean with its interval, as evaluations have it. */
interface Estimate {
  readonly mean: number;
  readonly error: { readonly interval: { readonly low: number; readonly high: number } } | null;
}

/** Formats an estimate and its interval, `0.937 (0.912 to 0.962)`; the number alone when there is no interval. */
export function nats({ mean, error }: Estimate): string {
  if (error === null) return decimal(mean);
  return `${decimal(mean)} (${decimal(error.interval.low)} to ${decimal(error.interval.high)})`;
}

/** Formats an estimated share and its interval in percent, `47.6 % (44.4 to 50.8)`. */
export function share({ mean, error }: Estimate): string {
  if (error === null) return `${percentNumber(mean)} %`;
  return `${percentNumber(mean)} % (${percentNumber(error.interval.low)} to ${percentNumber(error.interval.high)})`;
}

/** Formats a number with three decimals. */
export function decimal(value: number): string {
  return formatFixed(value, 3);
}

/** Formats a share of 1 in percent, without the sign. */
export function percentNumber(value: number): string {
  return formatFixed(100 * value, 1);
}
