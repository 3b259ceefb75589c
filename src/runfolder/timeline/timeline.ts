import { endedWithRun } from "../describe-failure.ts";
import type {
  FailedAttempt,
  ForecastEvent,
  JournalEvent,
  RowResult,
  SessionStart,
  TimeLimitsEvent,
} from "../journal/events.ts";
import { readJournal } from "../journal/read.ts";
import { type Band, createBandReader } from "./bands.ts";

/** The times of all events of a run. Times are ms of work: the time between two sessions is left out. */
export interface Timeline {
  /** Start of each session, ms since 1970, and the work done before it, ms. */
  readonly sessions: readonly { readonly startedAt: number; readonly before: number }[];
  /** Work of all sessions, ms. */
  readonly wallMs: number;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly TimelineForecast[];
  readonly bands: readonly Band[];
  /** Deadline and watchdog of the last session; null without a deadline. */
  readonly limits: { readonly deadlineMs: number; readonly watchdogMs: number } | null;
  /** When the last row of the first pass was settled; null when that pass did not end. */
  readonly firstPassMs: number | null;
}

/** The times of a run in ms. */
export interface Timing {
  /** When the run began, ms since 1970. */
  readonly startedAt: number;
  /** From its start to its end, ms. */
  readonly wallMs: number;
  /** From its start to the deadline, ms; null without one. */
  readonly deadlineMs: number | null;
  /** From its start to the moment at which the watchdog ends the process, ms; null without a deadline. */
  readonly watchdogMs: number | null;
  /** From its start to the last row of the first pass, ms; null when that pass did not end. */
  readonly firstPassMs: number | null;
  /** From its start to the first request, ms; null when unknown. */
  readonly startupMs: number | null;
}

/** One request that ended. */
export interface RequestPoint {
  /** End of the request, ms after the run began. */
  readonly endMs: number;
  /** How long it took, ms. */
  readonly ms: number;
  readonly rows: number;
  /** Prompt tokens of all its rows. */
  readonly tokens: number;
  readonly ok: boolean;
}

/** One forecast of the end, made during the run. All times are ms after the run began. */
export interface TimelineForecast {
  readonly atMs: number;
  /** Share of the work done, 0 to 1. */
  readonly share: number;
  /** The pass whose end is forecast: 1 over all rows, 2 in the swapped order over some of them. */
  readonly pass: 1 | 2;
  readonly endMs: number;
  /** 90 % interval of the end. */
  readonly lowMs: number;
  readonly highMs: number;
}

/** Reads a journal as a timeline. Throws AbtieError("data") naming file and line when it is corrupt. */
export async function readTimeline(journalFile: string): Promise<Timeline> {
  const timeline = createTimeline();
  for await (const { event } of readJournal(journalFile)) timeline.add(event);
  return timeline.finish();
}

/** Computes the times of a run from its timeline; null when its journal holds no session. */
export function timingOf({ sessions, wallMs, requests, limits, firstPassMs }: Timeline): Timing | null {
  const [first] = sessions;
  if (first === undefined) return null;
  return {
    startedAt: first.startedAt,
    wallMs,
    deadlineMs: limits?.deadlineMs ?? null,
    watchdogMs: limits?.watchdogMs ?? null,
    firstPassMs,
    startupMs: firstBegin(requests),
  };
}

/** Requests among which the first to begin is found: it need not be the first to end. */
const SEARCHED = 200;

function firstBegin(requests: readonly RequestPoint[]): number | null {
  const begins = requests
    .filter(({ ok }) => ok)
    .slice(0, SEARCHED)
    .map(({ endMs, ms }) => endMs - ms);
  return begins.length === 0 ? null : Math.max(0, Math.min(...begins));
}

function createTimeline(): { add: (event: JournalEvent) => void; finish: () => Timeline } {
  const sessions: { startedAt: number; before: number }[] = [];
  const requests: RequestPoint[] = [];
  const forecasts: TimelineForecast[] = [];
  const bands = createBandReader();
  let limits: Timeline["limits"] = null;
  let settledMs: number | null = null;
  let firstPassEnded = false;
  let lastRequest: string | null = null;
  let wallMs = 0;

  const begin = (event: SessionStart): void => {
    sessions.push({ startedAt: event.at, before: wallMs });
    limits = null;
  };
  const addRequest = (event: RowResult | FailedAttempt, endMs: number): void => {
    if (event.order === "ab" && (event.event === "row" || event.final)) settledMs = endMs;
    const part = requestPart(event, endMs);
    if (part === null) return;
    const key = `${sessions.length} ${event.request}`;
    const before = requests.at(-1);
    if (key === lastRequest && before !== undefined) requests[requests.length - 1] = joined(before, part);
    else requests.push(part);
    lastRequest = key;
  };
  const addFields = (event: JournalEvent, elapsed: (at: number) => number): void => {
    switch (event.event) {
      case "time-limits":
        limits = limitsOf(event, elapsed);
        return;
      case "row":
      case "failed":
        addRequest(event, elapsed(event.at));
        return;
      case "forecast":
        if (hasNumbers(event)) forecasts.push(forecastPoint(event, elapsed));
        firstPassEnded ||= event.phase === "swap-pass";
        return;
      case "ladder-step":
        firstPassEnded ||= event.phase === "swap-pass";
        return;
      case "stop":
        firstPassEnded ||= event.phase === "swap-pass" || event.kind === "complete";
        return;
      case "session-start":
      case "engine":
      case "engine-model":
      case "start-up":
      case "plan":
      case "concurrency":
      case "prefix-cache":
      case "checkpoint":
      case "session-end":
        return;
      default:
        event satisfies never;
    }
  };
  const add = (event: JournalEvent): void => {
    if (event.event === "session-start") begin(event);
    const session = sessions.at(-1);
    if (session === undefined) return;
    const { startedAt, before } = session;
    const elapsed = (at: number): number => before + Math.max(0, at - startedAt);
    // A clock that was set back must not shorten the time that has passed.
    wallMs = Math.max(wallMs, elapsed(event.at));
    bands.add(event, wallMs);
    addFields(event, elapsed);
  };
  const finish = (): Timeline => ({
    sessions,
    wallMs,
    requests,
    forecasts,
    bands: bands.finish(wallMs),
    limits,
    firstPassMs: firstPassEnded ? settledMs : null,
  });
  return { add, finish };
}

function limitsOf(event: TimeLimitsEvent, elapsed: (at: number) => number): Timeline["limits"] {
  return { deadlineMs: elapsed(event.deadlineAt), watchdogMs: elapsed(event.watchdogAt) };
}

function hasNumbers({ endAt, lowAt, highAt }: ForecastEvent): boolean {
  return [endAt, lowAt, highAt].every(Number.isFinite);
}

function forecastPoint(event: ForecastEvent, elapsed: (at: number) => number): TimelineForecast {
  return {
    atMs: elapsed(event.at),
    share: event.rows === 0 ? 1 : event.settled / event.rows,
    pass: event.phase === "swap-pass" ? 2 : 1,
    endMs: elapsed(event.endAt),
    lowMs: elapsed(event.lowAt),
    highMs: elapsed(event.highAt),
  };
}

/** The part of a request that one event holds; null for rows that ended without one. Events of one request lie side by side. */
function requestPart(event: RowResult | FailedAttempt, endMs: number): RequestPoint | null {
  if (event.event === "row") return { endMs, ms: event.ms, rows: 1, tokens: event.tokens, ok: true };
  if (endedWithRun(event.reason) || event.request === null) return null;
  return { endMs, ms: 0, rows: event.rows.length, tokens: 0, ok: false };
}

/** The first event of a request gives its end. */
function joined(one: RequestPoint, other: RequestPoint): RequestPoint {
  return { ...one, rows: one.rows + other.rows, tokens: one.tokens + other.tokens };
}
