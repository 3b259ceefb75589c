/** A mean with its interval, as evaluations have it. */
interface Estimate {
  readonly mean: number;
  readonly error: { readonly interval: { readonly low: number; readonly high: number } } | null;
}

/** Formats an estimate and its interval, `0.937 (0.912 to 0.962)`; the number alone when there is no interval. */
export function nats({ mean, error }: Estimate): string {
  if (error === null) return fixed(mean);
  return `${fixed(mean)} (${fixed(error.interval.low)} to ${fixed(error.interval.high)})`;
}

/** Formats an estimated share and its interval in percent, `47.6 % (44.4 to 50.8)`. */
export function share({ mean, error }: Estimate): string {
  if (error === null) return `${percent(mean)} %`;
  return `${percent(mean)} % (${percent(error.interval.low)} to ${percent(error.interval.high)})`;
}

/** Formats a count with commas between thousands. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Formats a number with three decimals. */
export function fixed(value: number): string {
  const text = value.toFixed(3);
  return Number(text) === 0 ? "0.000" : text;
}

/** Formats a share of 1 in percent, without the sign. */
export function percent(value: number): string {
  return (100 * value).toFixed(1);
}
