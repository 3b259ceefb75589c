import type { Disk } from "../../files/disk.ts";
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

/** The times of all events of a run, in ms of work: the time between two sessions is not counted. */
export interface Timeline {
  /** For each session its start, ms since 1970, and the work done before it, ms. */
  readonly sessions: readonly { readonly startedAt: number; readonly before: number }[];
  /** Duration of all sessions together, ms. */
  readonly wallMs: number;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly TimelineForecast[];
  readonly bands: readonly Band[];
  /** The deadline and the watchdog's time in the last session; null without a deadline. */
  readonly limits: { readonly deadlineMs: number; readonly watchdogMs: number } | null;
  /** Time at which the last row of the first pass was answered or given up; null when that pass did not end. */
  readonly firstPassMs: number | null;
}

/** The times of a run in ms. */
export interface Timing {
  /** Start of the run, ms since 1970. */
  readonly startedAt: number;
  /** Time from the start of the run to its end, ms. */
  readonly wallMs: number;
  /** Time from the start of the run to the deadline, ms; null without a deadline. */
  readonly deadlineMs: number | null;
  /**
   * Time from the start of the run to the moment at which the watchdog ends the process, ms; null without a deadline.
   */
  readonly watchdogMs: number | null;
  /** Time from the start of the run to the last row of the first pass, ms; null when that pass did not end. */
  readonly firstPassMs: number | null;
  /** Time from the start of the run to the first request, ms; null when unknown. */
  readonly startupMs: number | null;
}

/** One request that ended. */
export interface RequestPoint {
  /** End of the request, ms after the run began. */
  readonly endMs: number;
  /** Duration of the request, ms. */
  readonly ms: number;
  readonly rows: number;
  /** Prompt tokens of all rows in the request. */
  readonly tokens: number;
  readonly ok: boolean;
}

/** One forecast of the end, made during the run. All times are ms after the run began. */
export interface TimelineForecast {
  readonly atMs: number;
  /** Share of the work that was done at the time of the forecast, 0 to 1. */
  readonly share: number;
  /** The pass of which the end is forecast: 1 is the pass over all rows, 2 the swap pass over some of them. */
  readonly pass: 1 | 2;
  readonly endMs: number;
  /** The 90 % interval of the end. */
  readonly lowMs: number;
  readonly highMs: number;
}

/** Reads a journal as a timeline. Throws AbtieError("data") with file and line when the journal is corrupt. */
export async function readTimeline(journalFile: string, disk?: Disk): Promise<Timeline> {
  const timeline = createTimeline();
  for await (const { event } of readJournal(journalFile, disk)) timeline.add(event);
  return timeline.finish();
}

/** Computes the times of a run from its timeline; null when the journal contains no session. */
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

/**
 * Number of requests among which the one that began first is searched, because it need not be the one that ended first.
 */
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
    // When the clock is set back, the time that has passed must not become shorter.
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

/**
 * The part of a request that one event contains; null for rows that were given up without a request, and for a request
 * that ended only because the run ended. Events of one request follow one another.
 */
function requestPart(event: RowResult | FailedAttempt, endMs: number): RequestPoint | null {
  if (event.event === "row") return { endMs, ms: event.ms, rows: 1, tokens: event.tokens, ok: true };
  if (endedWithRun(event.reason) || event.request === null) return null;
  return { endMs, ms: 0, rows: event.rows.length, tokens: 0, ok: false };
}

/** Joins two parts of one request. The first event of a request gives the end of the request. */
function joined(one: RequestPoint, other: RequestPoint): RequestPoint {
  return { ...one, rows: one.rows + other.rows, tokens: one.tokens + other.tokens };
}
