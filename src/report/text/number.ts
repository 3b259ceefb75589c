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

// The formats of src/format.ts with the typography of a page: a real minus sign, non-breaking spaces, and a dash for a
// number that is missing or not finite.

/** Non-breaking space, used between a number and its unit. */
const NBSP = "\u00a0";

/** The text for a number that is missing or not finite. */
export const NONE = "–";

/** Formats a number with a fixed count of decimals. */
export function fixed(value: number | null, digits: number): string {
  return typeset(value, (known) => formatFixed(known, digits));
}

/** Formats a difference like `fixed`, with a plus sign when it is positive. */
export function signed(value: number | null, digits: number): string {
  const text = fixed(value, digits);
  return value !== null && Number(text) > 0 ? `+${text}` : text;
}

/** Formats a number with two significant digits, because it may be very small: `0.0011`, `1.2e-7`. */
export function small(value: number | null): string {
  return typeset(value, formatSignificant);
}

/** Formats a label mass with three decimals, or with two significant digits if three decimals would show fewer. */
export function massText(mass: number | null): string {
  return typeset(mass, formatMass);
}

/** Formats a count with commas between thousands. */
export function count(value: number | null): string {
  return typeset(value, formatCount);
}

/** Formats a count with its noun, `1 row` or `25,000 rows`. */
export function counted(value: number, noun: string): string {
  return Number.isFinite(value) ? typeset(value, (known) => plural(known, noun)) : `${NONE}${NBSP}${noun}s`;
}

/** Formats a share, where 1 is the whole, as a percentage. */
export function percent(share: number | null, digits = 0): string {
  return typeset(share, (known) => formatPercent(known, digits));
}

/** Formats a p value with three decimals; a smaller value is written as below 0.001. */
export function probability(p: number | null): string {
  return p !== null && p < 0.001 ? `<${NBSP}0.001` : fixed(p, 3);
}

/** Formats a duration given in ms with its two largest units: `6h41m`, `3m05s`, `12.4 s`, `35 ms`. */
export function duration(ms: number | null): string {
  return typeset(ms, (known) => formatDuration(known, { precise: true }));
}

/** Formats a moment, ms since 1970, as a date and time in UTC. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Formats the ends of an interval, `0.974 to 0.990`; returns an empty text without an interval. */
export function range({ low, high }: Estimate, format: (value: number) => string): string {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return "";
  return `${format(low)} to ${format(high)}`;
}

/** Formats an estimate and its interval, `0.974 (0.960 to 0.990)`. `level` is the level of the interval in percent. */
export function withRange(estimate: Estimate, format: (value: number) => string, level: number | null = null): string {
  const ends = range(estimate, format);
  const before = level === null ? "" : `${level}${NBSP}% `;
  return `${format(estimate.value)}${ends && ` (${before}${ends})`}`;
}

/** Keeps a number and its percent sign on one line, and writes its minus as the tables do. */
export function typesetSentence(text: string): string {
  return text.replaceAll(/(?<=\d) %/g, `${NBSP}%`).replaceAll(/(?<= )-(?=\d)/g, "\u2212");
}

function typeset(value: number | null, format: (value: number) => string): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return format(value).replaceAll("-", "\u2212").replaceAll(" ", NBSP);
}
