import type { Decision, FailedAttempt, JournalEvent, RowResult } from "../../runfolder/journal/events.ts";
import { readJournal } from "../../runfolder/journal/read.ts";
import { GIVEN_UP } from "../../runfolder/row-reason.ts";
import type { Band, ForecastPoint, RequestPoint } from "../data/run-data.ts";
import { forecastOf } from "./forecast.ts";
import { createBandReader } from "./ladder-bands.ts";

/** What a journal tells about time. Times are ms of work: what lay between two sessions is left out. */
export interface Timeline {
  /** Begin of each session, ms since 1970, and the work done before it, ms. */
  readonly sessions: readonly { readonly startedAt: number; readonly before: number }[];
  /** Work of all sessions, ms. */
  readonly wallMs: number;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly ForecastPoint[];
  readonly bands: readonly Band[];
  /** Deadline and guard of the last session; null without a deadline. */
  readonly limits: { readonly deadlineMs: number; readonly guardMs: number } | null;
  /** When the last row of the first pass was settled; null when that pass did not end. */
  readonly firstPassMs: number | null;
}

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
  const bands = createBandReader();
  let limits: Timeline["limits"] = null;
  let settledMs: number | null = null;
  let firstPassEnded = false;
  let last: string | null = null;
  let wallMs = 0;

  const addDecision = (event: Decision, elapsed: (at: number) => number): void => {
    forecasts.push(...forecastOf(event, elapsed));
    const { deadlineAt, guardAt, phase, kind } = event.figures;
    if (event.name === "limits" && typeof deadlineAt === "number" && typeof guardAt === "number") {
      limits = { deadlineMs: elapsed(deadlineAt), guardMs: elapsed(guardAt) };
    }
    firstPassEnded ||= phase === "second-pass" || (event.name === "stop" && kind === "complete");
  };
  const addRequest = (event: RowResult | FailedAttempt, endMs: number): void => {
    const part = partOf(event);
    if (part === null) return;
    const key = `${sessions.length} ${event.request}`;
    const before = requests.at(-1);
    if (key === last && before !== undefined) requests[requests.length - 1] = joined(before, part);
    else requests.push({ ...part, endMs });
    last = key;
  };
  const add = (event: JournalEvent): void => {
    if (event.event === "session-start") {
      sessions.push({ startedAt: event.at, before: wallMs });
      limits = null;
    }
    const session = sessions.at(-1);
    if (session === undefined) return;
    const { startedAt, before } = session;
    const elapsed = (at: number): number => before + Math.max(0, at - startedAt);
    // A clock that was set back must not shorten what has passed.
    wallMs = Math.max(wallMs, elapsed(event.at));
    bands.add(event, wallMs);
    if (event.event === "decision") addDecision(event, elapsed);
    if (event.event !== "row" && event.event !== "failed") return;
    if (event.order === "ab" && (event.event === "row" || event.final)) settledMs = elapsed(event.at);
    addRequest(event, elapsed(event.at));
  };
  const finish = (): Timeline => ({
    ...{ sessions, wallMs, requests, forecasts, limits, bands: bands.finish(wallMs) },
    firstPassMs: firstPassEnded ? settledMs : null,
  });
  return { add, finish };
}

/** The part of a request that one event tells; null when it is about none. Events of one request lie side by side. */
function partOf(event: RowResult | FailedAttempt): RequestPoint | null {
  if (event.event === "row") return { endMs: 0, ms: event.ms, rows: 1, tokens: event.tokens, ok: true };
  // What was given up when the run ended did not fail, and a row may end without another request.
  if (GIVEN_UP.has(event.reason) || event.request === null) return null;
  return { endMs: 0, ms: 0, rows: event.rows.length, tokens: 0, ok: false };
}

function joined(one: RequestPoint, other: RequestPoint): RequestPoint {
  return { ...one, rows: one.rows + other.rows, tokens: one.tokens + other.tokens };
}
