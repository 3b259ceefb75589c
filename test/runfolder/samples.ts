import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { planRun, type RunPlan } from "../../src/deadline/run-plan.ts";
import {
  type FailedAttempt,
  JOURNAL_FORMAT,
  type JournalEvent,
  type RowResult,
} from "../../src/runfolder/journal/events.ts";
import { readJournal } from "../../src/runfolder/journal/read.ts";

/** A result of this row that differs from row to row. */
export function rowEvent(row: number, more: Partial<RowResult> = {}): RowResult {
  return {
    event: "row",
    row,
    order: "ab",
    logProbs: [-0.1 - row / 7, -2.5, -3 - row / 3],
    mass: 0.9,
    bounded: false,
    tokens: 200 + row,
    cutTokens: 0,
    neutralised: 0,
    tokenBudget: null,
    attempts: 1,
    request: row + 1,
    ms: 12.5,
    at: 1_700_000_000_000 + row,
    ...more,
  };
}

export function failedEvent(rows: readonly number[], more: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    event: "failed",
    rows,
    order: "ab",
    reason: "server",
    message: "500 oops",
    final: false,
    request: 1,
    at: 1_700_000_000_000,
    ...more,
  };
}

const PLANNER_STATE = {
  at: 3,
  phase: "first-pass",
  step: "brief",
  reason: "stay: brief finishes with probability 0.97",
  rows: 12,
  settled: 4,
  swapAnswered: 0,
  leftMs: null,
  ladder: [{ name: "brief", tokens: 4_000, probability: 0.97 }],
} as const;

export const PLAN: RunPlan = planRun(
  {
    input: "/data/rows.csv",
    template: "/data/template.jinja",
    seed: 1,
    orders: "auto",
    time: { deadline: "1h", shortContext: 512, ladder: null, confidence: 0.9, onOverrun: "degrade" },
  },
  {
    lengths: [100, 700, 300],
    exact: { shortened: { rows: 1, meanCut: 12.5 }, neutralisedRows: 0 },
    tokenBudget: 700,
    startedAt: 1,
    timeLimits: { startedAt: 1, workEndAt: 80, watchdogAt: 90, deadlineAt: 100 },
    tokensPerSecond: 3_000,
  },
);

const BY_KIND: { readonly [Kind in JournalEvent["event"]]: readonly Extract<JournalEvent, { event: Kind }>[] } = {
  "session-start": [{ event: "session-start", at: 1, format: JOURNAL_FORMAT, pid: 42, version: "0.1.0" }],
  "time-limits": [{ event: "time-limits", at: 1, startedAt: 1, workEndAt: 80, watchdogAt: 90, deadlineAt: 100 }],
  engine: [{ event: "engine", at: 2, what: "ready", detail: "http://127.0.0.1:8000" }],
  "engine-model": [{ event: "engine-model", at: 2, model: "judge-1b", version: null, method: "allowed_token_ids" }],
  "start-up": [{ event: "start-up", at: 2, seconds: 0.25 }],
  plan: [{ event: "plan", at: 3, plan: PLAN }],
  row: [
    rowEvent(3, { mass: null, bounded: true, tokenBudget: 512, order: "ba" }),
    rowEvent(4, { logProbs: [-0.5, Number.NEGATIVE_INFINITY, -1e-300] }),
  ],
  failed: [failedEvent([1, 2], { message: 'a "quoted" line\nand a lone surrogate \ud83d' })],
  concurrency: [
    { event: "concurrency", at: 3, engine: "fake", concurrency: 8, promptsPerRequest: 4, rowsPerSecond: 31.5 },
  ],
  "ladder-step": [{ event: "ladder-step", ...PLANNER_STATE }],
  forecast: [
    {
      event: "forecast",
      ...PLANNER_STATE,
      endAt: 70,
      lowAt: 60,
      highAt: 80,
      probability: 0.97,
      msPerRow: null,
      lostMs: 0,
      swapAllowed: 3,
      swapShare: null,
      priorRows: null,
      silentMs: 0,
    },
  ],
  stop: [{ event: "stop", ...PLANNER_STATE, kind: "complete" }],
  "prefix-cache": [{ event: "prefix-cache", at: 4, looked: 100, found: 40, prepared: 90, shared: 30 }],
  checkpoint: [{ event: "checkpoint", at: 5 }],
  "session-end": [{ event: "session-end", at: 6, status: "done" }],
};

/** At least one event of every kind. */
export const EVERY_KIND: readonly JournalEvent[] = Object.values(BY_KIND).flat();

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-journal-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a journal file of its own. */
export async function write(text: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), "journal.jsonl");
  await writeFile(path, text);
  return path;
}

export async function eventsOf(path: string): Promise<JournalEvent[]> {
  const events: JournalEvent[] = [];
  for await (const { event } of readJournal(path)) events.push(event);
  return events;
}

export const rowsOf = (events: readonly JournalEvent[]): number[] =>
  events.flatMap((event) => (event.event === "row" ? [event.row] : []));

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
