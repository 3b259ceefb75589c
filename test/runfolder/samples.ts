import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
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
    context: null,
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

/** One event of every kind. */
export const EVERY_KIND: readonly JournalEvent[] = [
  { event: "session-start", at: 1, format: JOURNAL_FORMAT, pid: 42, version: "0.1.0" },
  { event: "engine", what: "ready", detail: "http://127.0.0.1:8000", at: 2 },
  {
    event: "decision",
    name: "step",
    figures: { from: "both-orders", probability: 0.97, rows: 12, forced: false },
    at: 3,
  },
  rowEvent(3, { mass: null, bounded: true, context: 512, order: "ba" }),
  rowEvent(4, { logProbs: [-0.5, Number.NEGATIVE_INFINITY, -1e-300] }),
  failedEvent([1, 2], { message: 'a "quoted" line\nand a lone surrogate \ud83d' }),
  { event: "checkpoint", at: 5 },
  { event: "session-end", at: 6, status: "done" },
];

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-journal-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function eventsOf(path: string): Promise<JournalEvent[]> {
  const events: JournalEvent[] = [];
  for await (const { event } of readJournal(path)) events.push(event);
  return events;
}

export const rowsOf = (events: readonly JournalEvent[]): number[] =>
  events.flatMap((event) => (event.event === "row" ? [event.row] : []));

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
