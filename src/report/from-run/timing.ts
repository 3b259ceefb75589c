import type { RequestPoint, Timing } from "../data/run-data.ts";
import type { Timeline } from "./timeline.ts";

/** Computes the times of a run from its timeline; null when its journal tells of no session. */
export function timingOf({ sessions, wallMs, requests, limits, firstPassMs }: Timeline): Timing | null {
  const [first] = sessions;
  if (first === undefined) return null;
  return {
    startedAt: first.startedAt,
    wallMs,
    deadlineMs: limits?.deadlineMs ?? null,
    guardMs: limits?.guardMs ?? null,
    firstPassMs,
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
