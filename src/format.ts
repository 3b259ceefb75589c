const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const HOURS = "h(?:ours?|rs?)?";
const MINUTES = "m(?:in(?:ute)?s?)?";
const UNIT = `ms|d(?:ays?)?|${HOURS}|${MINUTES}|s(?:ec(?:ond)?s?)?`;
const NUMBER = "\\d+(?:\\.\\d+)?\\s*";
const PARTS = `${NUMBER}(?:${UNIT})(?:\\s+and\\b|\\s*,)?\\s*`;
/** The form of a duration: numbers, each with its unit, short or as a word; the last one may lack it behind hours or minutes. */
export const DURATION: RegExp = new RegExp(
  `^\\s*(?:${PARTS})*(?:${NUMBER}(?:${UNIT})|${NUMBER}(?:${HOURS}|${MINUTES})\\s*\\d{1,2})\\s*$`,
);
/** The unit of a last number without one, as in "1h30" and "1h30m15". */
const NEXT_UNIT: Readonly<Record<string, string>> = { h: "m", m: "s" };
const PART = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(${UNIT}|$)`, "g");

/**
 * Reads "9h", "8h55m", "1h30", "90 s", "500ms", "9 hours" or "1 hour and 30 minutes" as milliseconds; null when the text is
 * not a duration.
 */
export function parseDuration(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let ms = 0;
  let before = "";
  for (const [, amount, written = ""] of text.trim().matchAll(PART)) {
    const unit = written === "" ? (NEXT_UNIT[before] ?? "") : written === "ms" ? written : written.charAt(0);
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    before = unit;
  }
  return ms;
}

/**
 * Formats a duration in ms with its two largest units, rounded to the smaller one: "6h41m", "3m05s", "12 s". With
 * `precise`, a duration below a minute has one decimal, "12.4 s", and a duration below a second is in ms, "35 ms".
 */
export function formatDuration(ms: number, { precise = false } = {}): string {
  if (ms < 0) {
    const text = formatDuration(-ms, { precise });
    return /[1-9]/.test(text) ? `-${text}` : text;
  }
  if (precise && ms < 999.5) return `${Math.round(ms)} ms`;
  if (precise && ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

/**
 * Formats a moment (ms since 1970) as a time of day in the time zone of the process: "18:42". With seconds, "18:42:07", when it is
 * within 10 minutes of `now`; with the day, "29 Nov 03:12", when it is not within 20 hours.
 */
export function formatMoment(at: number, now: number): string {
  const date = new Date(at);
  const time = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
  if (Math.abs(at - now) < 10 * UNIT_MS.m) return `${time}:${twoDigits(date.getSeconds())}`;
  if (Math.abs(at - now) < 20 * UNIT_MS.h) return time;
  return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ""} ${time}`;
}

const MONTHS: readonly string[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Formats a speed in rows per second, always in this unit: "0.77", "12.4", "1,250". */
export function formatRate(perSecond: number): string {
  if (perSecond < 0.1) return formatSignificant(perSecond);
  return perSecond < 10 ? perSecond.toFixed(2) : perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond);
}

/**
 * Formats a count with commas between thousands, "25,000". A number that is not whole gets at most `digits` decimals.
 */
export function formatCount(value: number, digits = 0): string {
  const rounded = withoutMinusZero(value, digits);
  return digits === 0 ? WHOLE.format(rounded) : rounded.toLocaleString("en-US", { maximumFractionDigits: digits });
}

// A new format takes 40 times as long as the formatting, and each progress line has several counts.
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/**
 * Formats a count with its noun: "1 row", "25,000 rows". Give the plural `nouns` if it is not the noun with a final s.
 */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  const text = formatCount(value);
  return `${text} ${text === "1" ? noun : nouns}`;
}

/** Formats a number with a fixed number of decimals: "0.250". Writes "0.000" instead of "-0.000". */
export function formatFixed(value: number, digits: number): string {
  return withoutMinusZero(value, digits).toFixed(digits);
}

/** Formats a share, where 1 is the whole, in percent: "18.4 %". */
export function formatPercent(share: number, digits = 0): string {
  return `${formatFixed(100 * share, digits)} %`;
}

/** Formats how often each class had the highest probability, in the order a, b, tie: "A 35 %, B 34 %, tie 31 %". */
export function formatVerdicts(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count, index) => `${["A", "B", "tie"][index] ?? ""} ${formatPercent(count / total)}`).join(", ");
}

/** Formats a number of bytes in GiB with one digit: "9.8 GiB". */
export function formatGib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** Formats a number of any size with `digits` significant digits: "0.0011", "1.2e-7". */
export function formatSignificant(value: number, digits = 2): string {
  return String(Number(value.toPrecision(digits)));
}

/** Formats a label mass with three decimals, or with two significant digits if three decimals would show fewer. */
export function formatMass(mass: number): string {
  return mass < 0.01 ? formatSignificant(mass) : formatFixed(mass, 3);
}

function withoutMinusZero(value: number, digits: number): number {
  return Number(value.toFixed(digits)) === 0 ? 0 : value;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Quotes a word of a command line where a shell would change it. */
export function quoteForShell(word: string): string {
  return /^[\w.=,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
