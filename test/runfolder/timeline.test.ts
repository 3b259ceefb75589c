import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  encodeEvent,
  type ForecastEvent,
  JOURNAL_FORMAT,
  type JournalEvent,
} from "../../src/runfolder/journal/events.ts";
import { readTimeline, timingOf } from "../../src/runfolder/timeline/timeline.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { PLAN } from "./samples.ts";

describe("the timeline of a journal", () => {
  test("leaves out the time between sessions, joins the rows of a request, and reads forecasts", async () => {
    const timeline = await readTimeline(await journal(TWO_SESSIONS));
    expect(timeline.sessions).toEqual([
      { startedAt: 1_000_000, before: 0 },
      { startedAt: 9_000_000, before: 3_500 },
    ]);
    expect(timeline.wallMs).toBe(3_500 + 4_000);
    expect(timeline.requests).toEqual([
      { endMs: 2_000, ms: 500, rows: 2, tokens: 230, ok: true },
      { endMs: 2_001, ms: 500, rows: 1, tokens: 60, ok: true },
      { endMs: 3_000, ms: 0, rows: 3, tokens: 0, ok: false },
      { endMs: 3_500 + 1_500, ms: 500, rows: 1, tokens: 90, ok: true },
    ]);
    expect(timeline.forecasts).toEqual([
      { atMs: 2_500, share: 0.5, pass: 1, endMs: 6_000, lowMs: 5_000, highMs: 7_000 },
      { atMs: 6_000, share: 1, pass: 2, endMs: 8_500, lowMs: 7_500, highMs: 9_500 },
    ]);
  });

  test("reads past a forecast whose numbers JSON cannot hold", async () => {
    const events = [...TWO_SESSIONS.slice(0, 7), forecast({ highAt: Number.POSITIVE_INFINITY }, 1_002_550, 1_006_000)];
    expect((await readTimeline(await journal(events))).forecasts).toHaveLength(1);
  });

  test("takes deadline and watchdog from the last session, and the end of the first pass once the swap pass has begun", async () => {
    expect(timingOf(await readTimeline(await journal(TWO_SESSIONS)))).toEqual({
      startedAt: 1_000_000,
      wallMs: 7_500,
      startupMs: 1_500,
      deadlineMs: 3_500 + 10_000,
      watchdogMs: 3_500 + 9_000,
      firstPassMs: 3_500 + 1_500,
    });
    const early = await readTimeline(await journal(TWO_SESSIONS.slice(0, 14)));
    expect(timingOf(early)).toMatchObject({ deadlineMs: null, watchdogMs: null, firstPassMs: null });
    expect(timingOf(await readTimeline(await journal([])))).toBeNull();
  });

  test("says what was in force: the start of the engine, its loss, the steps by name, the swapped order", async () => {
    const { bands } = await readTimeline(await journal(TWO_SESSIONS));
    expect(bands).toEqual([
      { name: "engine starts", kind: "start", fromMs: 0, toMs: 1_000 },
      { name: "twice", kind: "both-orders", fromMs: 1_000, toMs: 2_600 },
      { name: "brief", kind: "one-order-short", fromMs: 2_600, toMs: 2_900 },
      { name: "engine lost", kind: "lost", fromMs: 2_900, toMs: 3_450 },
      { name: "brief", kind: "one-order-short", fromMs: 3_450, toMs: 3_500 },
      { name: "engine starts", kind: "start", fromMs: 3_500, toMs: 4_500 },
      { name: "twice", kind: "both-orders", fromMs: 4_500, toMs: 6_000 },
      { name: "swap pass", kind: "swapped", fromMs: 6_000, toMs: 7_500 },
    ]);
  });
});

const START = { event: "session-start", format: JOURNAL_FORMAT, pid: 1, version: "0.1.0" } as const;
const FAILED = {
  event: "failed",
  order: "ab",
  reason: "server",
  message: "HTTP 500",
  final: false,
  request: 3,
} as const;
const PLAN_EVENT = {
  event: "plan",
  plan: {
    ...PLAN,
    ladder: PLAN.ladder.flatMap((step) => {
      if (step.kind === "both-orders") return [{ ...step, name: "twice" }];
      return step.kind === "one-order-short" ? [{ ...step, name: "brief" }] : [];
    }),
  },
} as const;
const PLANNER_STATE = {
  phase: "first-pass",
  step: "twice",
  reason: "stay",
  rows: 10,
  settled: 5,
  swapAnswered: 0,
  leftMs: null,
  ladder: [],
} as const;
const ENGINE = { event: "engine", detail: "" } as const;

const TWO_SESSIONS: readonly JournalEvent[] = [
  { ...START, at: 1_000_000 },
  { ...ENGINE, what: "ready", at: 1_000_900 },
  { ...PLAN_EVENT, at: 1_001_000 },
  answer(0, 100, 500, 1, 1_002_000),
  answer(1, 130, 500, 1, 1_002_001),
  answer(2, 60, 500, 2, 1_002_001),
  forecast({}, 1_002_500, 1_006_000),
  { event: "ladder-step", ...PLANNER_STATE, step: "brief", at: 1_002_600 },
  { ...ENGINE, what: "lost", at: 1_002_900 },
  { ...FAILED, rows: [3, 4], at: 1_003_000 },
  { ...FAILED, rows: [5], order: "ba", at: 1_003_000 },
  { ...FAILED, rows: [6], reason: "deadline", message: "the time for work is over", request: 4, at: 1_003_400 },
  { ...ENGINE, what: "back", at: 1_003_450 },
  { event: "checkpoint", at: 1_003_500 },
  { ...START, at: 9_000_000 },
  {
    event: "time-limits",
    at: 9_000_000,
    startedAt: 9_000_000,
    workEndAt: 9_008_000,
    watchdogAt: 9_009_000,
    deadlineAt: 9_010_000,
  },
  { ...ENGINE, what: "ready", at: 9_000_500 },
  { ...PLAN_EVENT, at: 9_001_000 },
  answer(3, 90, 500, 1, 9_001_500),
  forecast({ phase: "swap-pass", settled: 10 }, 9_002_500, 9_005_000),
  { event: "session-end", at: 9_004_000, status: "done" },
];

function forecast(more: Partial<ForecastEvent>, at: number, endAt: number): JournalEvent {
  return {
    event: "forecast",
    ...PLANNER_STATE,
    at,
    endAt,
    lowAt: endAt - 1_000,
    highAt: endAt + 1_000,
    probability: 1,
    msPerRow: null,
    lostMs: 0,
    swapAllowed: 0,
    swapShare: null,
    priorRows: null,
    silentMs: 0,
    ...more,
  };
}

function answer(row: number, tokens: number, ms: number, request: number, at: number): JournalEvent {
  return {
    event: "row",
    row,
    order: "ab",
    logProbs: [-1, -1.2, -1.1],
    mass: 0.5,
    bounded: false,
    tokens,
    cutTokens: 0,
    neutralised: 0,
    tokenBudget: null,
    attempts: 1,
    request,
    ms,
    at,
  };
}

async function journal(events: readonly JournalEvent[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "journal.jsonl"), events.map(encodeEvent).join(""));
  return join(folder, "journal.jsonl");
}
