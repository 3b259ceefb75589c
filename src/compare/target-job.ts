import { AbtieError } from "../errors.ts";
import { parseDuration } from "../format.ts";
import type { Job } from "./report-data.ts";

/**
 * Describes the job that hours are computed for: with the time that was asked about, else with that of the config as far as it is a
 * length of time. Throws AbtieError("config") when what was asked about is none.
 */
export function jobOf(rows: number, asked: string | null, configured: string | null): Job {
  if (asked === null) return { rows, deadlineMs: configured === null ? null : parseDuration(configured) };
  const deadlineMs = parseDuration(asked);
  if (deadlineMs !== null) return { rows, deadlineMs };
  throw new AbtieError(
    "config",
    `--deadline of a comparison is the time that the job may take, such as "9h", but is "${asked}"`,
  );
}
