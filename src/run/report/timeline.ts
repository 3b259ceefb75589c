import type { JournalEvent } from "../../journal/events.ts";
import { readJournal } from "../../journal/read.ts";
import type { ForecastPoint, RequestPoint } from "../../report/data.ts";
import { forecastOf } from "./forecast-of.ts";

/** What a journal tells about time. Times are ms of work: what lay between two sessions is left out. */
export interface Timeline {
  /** Begin of each session, ms since 1970, and the work done before it, ms. */
  readonly sessions: readonly { readonly startedAt: number; readonly before: number }[];
  /** Work of all sessions, ms. */
  readonly wallMs: number;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly ForecastPoint[];
}

/**
 * Events of one request are recorded one after another. On a busy machine the next one may come some ms later; the longer
 * requests take, the less likely it is that another one took exactly as many ms.
 */
const SAME_MS = { share: 0.01, least: 5, most: 50 } as const;

/** Reads a journal as a timeline. Throws AbtieError("data") naming file and line when it is corrupt. */
export async function readTimeline(journalFile: string): Promise<Timeline> {
  const timeline = createTimeline();
  for await (const { event } of readJournal(journalFile)) timeline.add(event);
  return timeline.finish();
}

function createTimeline(): { add: (event: JournalEvent) => void; finish: () => Timeline } {
  const sessions: { startedAt: number; before: number }[] = [];
  const requests: RequestPoint[] = [];
  const forecasts: ForecastPoint[] = [];
  let group: Group | null = null;
  let wallMs = 0;

  const add = (event: JournalEvent): void => {
    if (event.event === "session-start") sessions.push({ startedAt: event.at, before: wallMs });
    const session = sessions.at(-1);
    if (session === undefined) return;
    const { startedAt, before } = session;
    const elapsed = (at: number): number => before + Math.max(0, at - startedAt);
    // A clock that was set back must not shorten what has passed.
    wallMs = Math.max(wallMs, elapsed(event.at));
    if (event.event === "decision") forecasts.push(...forecastOf(event, elapsed));
    const part = partOf(event);
    if (part === null) return;
    if (group?.key === part.key && Math.abs(event.at - group.at) <= sameMs(part.point)) {
      requests[requests.length - 1] = joined(requests.at(-1) ?? part.point, part.point);
    } else {
      requests.push({ ...part.point, endMs: elapsed(event.at) });
    }
    group = { key: part.key, at: event.at };
  };
  return { add, finish: () => ({ sessions, wallMs, requests, forecasts }) };
}

interface Group {
  readonly key: string;
  readonly at: number;
}

/** The part of a request that one event tells, and what it shares with the others; null when it is about no request. */
function partOf(event: JournalEvent): { readonly key: string; readonly point: RequestPoint } | null {
  if (event.event === "row") {
    return { key: `row ${event.ms}`, point: { endMs: 0, ms: event.ms, rows: 1, tokens: event.tokens, ok: true } };
  }
  // What was given up when the run ended did not fail.
  if (event.event !== "failed" || event.reason === "aborted") return null;
  return {
    key: `failed ${event.message}`,
    point: { endMs: 0, ms: 0, rows: event.rows.length, tokens: 0, ok: false },
  };
}

function sameMs({ ms }: RequestPoint): number {
  return Math.min(SAME_MS.most, Math.max(SAME_MS.least, SAME_MS.share * ms));
}

function joined(one: RequestPoint, other: RequestPoint): RequestPoint {
  return { ...one, rows: one.rows + other.rows, tokens: one.tokens + other.tokens };
}
