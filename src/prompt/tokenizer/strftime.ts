/**
 * Formats a day (YYYY-MM-DD) at midnight as `strftime` does in the C locale, for chat templates that print the date.
 * Codes that `strftime` does not know stay as they are.
 */
export function formatDay(day: string, format: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return format.replace(/%([-_0^#]?)([A-Za-z%])/g, (code, flag: string, letter: string) => {
    const text = CODES[letter]?.(date);
    return text === undefined ? code : applyFlag(text, flag);
  });
}

/** The day (YYYY-MM-DD, UTC) of a time in ms since 1970, moved by a number of days. */
export function dayOf(time: number, moved = 0): string {
  return new Date(time + moved * DAY_MS).toISOString().slice(0, 10);
}

/** Days of which no two have the same year, month, day of the month or day of the week. */
const OTHER_DAYS = ["1999-12-31", "2003-06-21", "2005-03-13", "2010-01-04", "2012-08-07"] as const;

/** A day that differs from `date` in all four: each of the four can be that of one of the five days only. */
export function otherDay(date: string): string {
  const parts = (day: string): readonly string[] => ["%Y", "%m", "%d", "%a"].map((code) => formatDay(day, code));
  const own = parts(date);
  return OTHER_DAYS.find((day) => parts(day).every((part, i) => part !== own[i])) ?? OTHER_DAYS[0];
}

const DAY_MS = 86_400_000;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const CODES: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => dayName(date).slice(0, 3),
  A: dayName,
  b: (date) => monthName(date).slice(0, 3),
  B: monthName,
  c: (date) =>
    `${dayName(date).slice(0, 3)} ${monthName(date).slice(0, 3)} ${pad(date.getUTCDate(), " ")} 00:00:00 ${yearOf(date)}`,
  C: (date) => pad(Math.floor(date.getUTCFullYear() / 100)),
  d: (date) => pad(date.getUTCDate()),
  D: shortDate,
  e: (date) => pad(date.getUTCDate(), " "),
  f: () => "000000",
  F: (date) => date.toISOString().slice(0, 10),
  g: (date) => pad(isoWeek(date).year % 100),
  G: (date) => String(isoWeek(date).year),
  h: (date) => monthName(date).slice(0, 3),
  H: () => "00",
  I: () => "12",
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  k: () => " 0",
  l: () => "12",
  m: (date) => pad(date.getUTCMonth() + 1),
  M: () => "00",
  n: () => "\n",
  p: () => "AM",
  P: () => "am",
  r: () => "12:00:00 AM",
  R: () => "00:00",
  S: () => "00",
  t: () => "\t",
  T: () => "00:00:00",
  u: (date) => String(date.getUTCDay() || 7),
  U: (date) => pad(Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7)),
  V: (date) => pad(isoWeek(date).week),
  w: (date) => String(date.getUTCDay()),
  W: (date) => pad(Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() + 6) % 7)) / 7)),
  x: shortDate,
  X: () => "00:00:00",
  y: (date) => pad(date.getUTCFullYear() % 100),
  Y: yearOf,
  // Python's datetime.now() has no time zone, so these two are empty.
  z: () => "",
  Z: () => "",
  "%": () => "%",
};

function applyFlag(text: string, flag: string): string {
  switch (flag) {
    case "-":
      return text.replace(/^[0 ]+(?=.)/, "");
    case "_":
      return text.replace(/^0+(?=.)/, (zeros) => " ".repeat(zeros.length));
    case "^":
      return text.toUpperCase();
    default:
      return text;
  }
}

function dayName(date: Date): string {
  return DAYS[date.getUTCDay()] ?? "";
}

function monthName(date: Date): string {
  return MONTHS[date.getUTCMonth()] ?? "";
}

function yearOf(date: Date): string {
  return String(date.getUTCFullYear());
}

function shortDate(date: Date): string {
  return [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCFullYear() % 100].map((part) => pad(part)).join("/");
}

/** Day of the year, counted from 1. */
function dayOfYear(date: Date): number {
  return Math.round((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

/** The week of ISO 8601: it belongs to the year in which its Thursday lies. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY_MS);
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

function pad(value: number, fill = "0"): string {
  return String(value).padStart(2, fill);
}
