import { AbtieError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import { diagnose } from "./failures.ts";
import { lastLines, type ServerLog } from "./server-log.ts";

/** Number of log lines that an error message shows. */
const SHOWN_LINES = 15;
/**
 * The line that uvicorn logs for each request. Such lines are left out, because otherwise they would fill the message.
 */
const ACCESS = /^INFO:\s+[\d.]+:\d+ - "/;

/**
 * Builds the error for a server whose process ended. The cause comes from the exit status and the log. `when` completes
 * the sentence "The server ended ...".
 */
export async function serverEnded(status: number, log: ServerLog, when: string): Promise<AbtieError> {
  const lines = await linesOf(log);
  const diagnosis = diagnose(lines);
  const how = `The server ended ${when} (${statusText(status)}).`;
  const why = diagnosis === null ? unknownCause(status) : `${diagnosis.summary} ${diagnosis.remedy}`;
  return new AbtieError("engine", `${how} ${why}`, { details: detailsOf(diagnosis?.line ?? null, lines, log.path) });
}

/** Builds the error for a server that runs but does not work; its details are the end of the log. */
export async function serverFailed(message: string, log: ServerLog, cause: unknown): Promise<AbtieError> {
  const lines = await linesOf(log);
  const diagnosis = diagnose(lines);
  const why = diagnosis === null ? "" : ` The log shows the cause: ${diagnosis.summary} ${diagnosis.remedy}`;
  return new AbtieError("engine", `${message}${why}`, {
    cause,
    details: detailsOf(diagnosis?.line ?? null, lines, log.path),
  });
}

/** Gives the last lines of a server's log after its first `begin` bytes, and its path at the end; empty when there are none. */
export async function endOfLog(path: string, begin: number, disk: Disk): Promise<readonly string[]> {
  const lines = (await lastLines(path, begin, disk)).filter((line) => !ACCESS.test(line));
  return lines.length === 0 ? [] : detailsOf(null, lines, path);
}

async function linesOf(log: ServerLog): Promise<readonly string[]> {
  // The end of the server is reported without its cause when its log was removed with the run folder.
  return (await log.lines().catch(() => [])).filter((line) => !ACCESS.test(line));
}

function detailsOf(cause: string | null, lines: readonly string[], path: string): readonly string[] {
  const last = lines.slice(-SHOWN_LINES);
  const first = cause === null || last.some((line) => line.trim() === cause) ? [] : [`Cause: ${cause}`, "..."];
  return [...first, ...last, `Log: ${path}`];
}

function statusText(status: number): string {
  return status > 128 ? `killed by signal ${status - 128}` : `exit status ${status}`;
}

function unknownCause(status: number): string {
  return status === 137
    ? "It was killed from outside, most likely by the system because it ran out of memory: use a smaller model, a shorter --max-model-len, or less memory for the key-value cache."
    : "abtie recognises no cause in its log; the last lines follow.";
}
