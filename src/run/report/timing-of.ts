import { parseDeadline } from "../../clock/deadline.ts";
import type { RequestPoint, Timing } from "../../report/data.ts";
import type { RunConfig } from "../load-run.ts";
import type { Timeline } from "./timeline.ts";

/** Computes the times of a run from its timeline; null when its journal tells of no session. */
export function timingOf({ sessions, wallMs, requests }: Timeline, time: RunConfig["time"]): Timing | null {
  const first = sessions[0];
  const last = sessions.at(-1);
  if (first === undefined || last === undefined) return null;
  const from = time.startedAt === null ? last.startedAt : Date.parse(time.startedAt);
  // A deadline is that of the session in which it was given.
  const spare = time.deadline === null ? null : parseDeadline(time.deadline, from) - last.startedAt;
  return {
    startedAt: first.startedAt,
    wallMs,
    deadlineMs: spare === null ? null : last.before + spare,
    startupMs: firstBegin(requests),
  };
}

/** Requests among which the first to begin is: it need not be the first to end. */
const LOOKED_AT = 200;

function firstBegin(requests: readonly RequestPoint[]): number | null {
  const begins = requests
    .filter(({ ok }) => ok)
    .slice(0, LOOKED_AT)
    .map(({ endMs, ms }) => endMs - ms);
  return begins.length === 0 ? null : Math.max(0, Math.min(...begins));
}
