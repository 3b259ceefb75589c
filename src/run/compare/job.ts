import { parseDuration } from "../../config/duration.ts";
import { AbtieError } from "../../errors.ts";
import type { Job } from "./report-data.ts";

/** Describes the job that hours are computed for. Throws AbtieError("config") for a deadline that is no duration. */
export function jobOf(rows: number, deadline: string | null): Job {
  const deadlineMs = deadline === null ? null : parseDuration(deadline);
  if (deadline === null || deadlineMs !== null) return { rows, deadlineMs };
  throw new AbtieError(
    "config",
    `--deadline of a comparison is the time that the job may take, such as "9h", but is "${deadline}"`,
  );
}
