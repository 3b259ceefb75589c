import {
  formatCount,
  formatDuration,
  formatFixed,
  formatMass,
  formatPercent,
  formatSignificant,
  plural,
} from "../../format.ts";
import type { Estimate } from "../data/run-data.ts";

/** Space that does not break, between a number and its unit. */
const NBSP = "\u00a0";

/** Shown where a number is missing or not finite. */
export const NONE = "–";

/** Formats a number with a fixed count of decimals and a real minus sign. */
export function fixed(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return typeset(formatFixed(value, digits));
}

/** Formats a number that may be tiny with two digits that count: `0.0011`, `1.2e-7`. */
export function small(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return typeset(formatSignificant(value));
}

/** Formats a label mass: three decimals, and two digits that count where those would all be 0. */
export function massText(mass: number): string {
  return typeset(formatMass(mass));
}

/** Formats a difference: as `fixed`, with a plus sign where it is positive. */
export function signed(value: number | null, digits: number): string {
  const text = fixed(value, digits);
  return value !== null && Number(text) > 0 ? `+${text}` : text;
}

/** Formats a count with commas between thousands. */
export function count(value: number | null): string {
  return value === null || !Number.isFinite(value) ? NONE : typeset(formatCount(value));
}

/** Formats a count with its noun, `1 row` or `25,000 rows`. */
export function counted(value: number, noun: string): string {
  return typeset(plural(value, noun));
}

/** Formats a share of 1 as a percentage. */
export function percent(share: number | null, digits = 0): string {
  if (share === null || !Number.isFinite(share)) return NONE;
  return typeset(formatPercent(share, digits));
}

/** Formats the ends of an interval, `0.974 to 0.990`; an empty text when there is none. */
export function range({ low, high }: Estimate, format: (value: number) => string): string {
  return low === null || high === null ? "" : `${format(low)} to ${format(high)}`;
}

/** Formats a p value: three decimals, below 0.001 as such. */
export function probability(p: number | null): string {
  if (p === null || !Number.isFinite(p)) return NONE;
  return p < 0.001 ? `<${NBSP}0.001` : fixed(p, 3);
}

/** Formats a length of time given in ms with its two largest units: `6h41m`, `3m05s`, `12.4 s`, `35 ms`. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  return typeset(formatDuration(ms, { precise: true }));
}

/** Formats a moment, ms since 1970, as a date and time in UTC. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Sets a text as a page does: a real minus sign, and spaces that do not break. */
function typeset(text: string): string {
  return text.replaceAll("-", "\u2212").replaceAll(" ", NBSP);
}
