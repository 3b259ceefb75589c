import { AbtieError } from "../errors.ts";
import { parseDuration } from "../format.ts";

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Returns the time of a deadline (ms since 1970). The text is a duration after `startedAt` ("9h", "8h55m"), a time of
 * day ("18:30", in the time zone of the process), which means its first occurrence after `startedAt`, or an ISO date
 * and time (local unless it names a zone). Throws an AbtieError("config") when the text is none of these, or when the
 * deadline is not after `startedAt`.
 */
export function parseDeadline(text: string, startedAt: number): number {
  const at = timeOf(text, startedAt);
  if (at === null) throw new AbtieError("config", `deadline: ${refusalOf(text)}`);
  if (at <= startedAt) {
    const [deadline, start] = [new Date(at).toISOString(), new Date(startedAt).toISOString()];
    throw new AbtieError(
      "config",
      `deadline: "${text}" is ${deadline}, which is not after the start (${start}); give a later one`,
    );
  }
  return at;
}

/** Returns a sentence that says why a text is not a deadline; null for a deadline. */
export function deadlineProblem(text: string): string | null {
  return timeOf(text, 0) === null ? refusalOf(text) : null;
}

function refusalOf(text: string): string {
  return (
    'expected a duration such as "9h" or "8h55m", a time of day such as "18:30", or an ISO date and time such as ' +
    `"2026-01-31T18:30", found "${text}"`
  );
}

function timeOf(text: string, startedAt: number): number | null {
  const trimmed = text.trim();
  return fromDuration(trimmed, startedAt) ?? fromTimeOfDay(trimmed, startedAt) ?? fromIso(trimmed);
}

function fromDuration(text: string, startedAt: number): number | null {
  const ms = parseDuration(text);
  return ms === null ? null : startedAt + ms;
}

function fromTimeOfDay(text: string, startedAt: number): number | null {
  const match = TIME_OF_DAY.exec(text);
  if (match === null) return null;
  const [, hours, minutes, seconds] = match;
  const date = new Date(startedAt);
  date.setHours(Number(hours), Number(minutes), Number(seconds ?? 0), 0);
  if (date.getTime() <= startedAt) date.setDate(date.getDate() + 1);
  return date.getTime();
}

function fromIso(text: string): number | null {
  if (!ISO.test(text)) return null;
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(" ", "T"));
  return Number.isNaN(at) ? null : at;
}
