import { dayOf, formatDay } from "./strftime.ts";

/** A day in the way in which a text writes it. */
export interface PrintedDate {
  /** The format, with the codes of strftime. */
  readonly format: string;
  readonly text: string;
}

/**
 * Finds the day around `now` (ms since 1970) that a text prints: yesterday, today or tomorrow in UTC, because a server
 * may be in another time zone. Null when there is none, so the text does not depend on the day, or writes it otherwise.
 */
export function findPrintedDate(text: string, now: number): PrintedDate | null {
  const days = [0, -1, 1].map((moved) => dayOf(now, moved));
  for (const format of FORMATS) {
    for (const day of days) {
      const printed = formatDay(day, format);
      if (text.includes(printed)) return { format, text: printed };
    }
  }
  return null;
}

const FORMATS: readonly string[] = [
  "%d %b %Y",
  "%Y-%m-%d",
  "%d %B %Y",
  "%-d %B %Y",
  "%B %d, %Y",
  "%B %-d, %Y",
  "%b %d, %Y",
  "%d/%m/%Y",
  "%m/%d/%Y",
  "%Y/%m/%d",
  "%d.%m.%Y",
  "%Y年%m月%d日",
];

/** Variables with which chat templates take the day from outside: Llama 3, Muse and others. */
export const DATE_VARIABLES: readonly string[] = ["date_string", "current_date"];
/** A day that no server has, to see whether a variable sets the date. */
export const TRIAL_DAY = "2001-02-03";
