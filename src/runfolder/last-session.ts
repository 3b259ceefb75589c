import { type Disk, nodeDisk } from "../files/disk.ts";
import { mayExist } from "../files/exists.ts";
import type { Classes } from "../types.ts";
import type { JournalEvent, RowFailureReason, SessionEnd } from "./journal/events.ts";
import { readJournal } from "./journal/read.ts";
import { fold } from "./state/fold.ts";
import { createRunState, type RunState } from "./state/run-state.ts";

/** What the journal says about the last session of a run, beside the state of its rows. Times are ms since 1970. */
export interface LastSession {
  startedAt: number | null;
  /** Time of the last event. */
  lastAt: number | null;
  /** How the session ended; null when it did not end in order, or goes on. */
  end: SessionEnd["status"] | null;
  deadlineAt: number | null;
  forecast: { readonly endAt: number; readonly lowAt: number; readonly highAt: number } | null;
  /** Times of the answers of the session, oldest first. */
  answeredAt: number[];
  /** The requests that failed since the last answer. */
  failing: { readonly requests: number; readonly reason: RowFailureReason; readonly message: string } | null;
}

/**
 * Reads the journal of a run, of which another process may write the end. Throws AbtieError("data") with file and line when it
 * is corrupt.
 */
export async function followJournal(
  path: string,
  rows: number,
  classes: Classes,
  disk: Disk = nodeDisk,
): Promise<{ readonly state: RunState; readonly session: Readonly<LastSession> }> {
  const state = createRunState(rows, classes);
  let session = newSession(null);
  if (!(await mayExist(path, disk))) return { state, session };
  for await (const { event } of readJournal(path, disk)) {
    fold(state, event);
    if (event.event === "session-start") session = newSession(event.at);
    else note(session, event);
  }
  return { state, session };
}

/** The end of a session fails the requests that are in flight; that is no trouble of the engine. */
const ENDS: readonly RowFailureReason[] = ["interrupted", "deadline", "aborted"];

function newSession(startedAt: number | null): LastSession {
  return {
    startedAt,
    lastAt: startedAt,
    end: null,
    deadlineAt: null,
    forecast: null,
    answeredAt: [],
    failing: null,
  };
}

function note(session: LastSession, event: JournalEvent): void {
  session.lastAt = event.at;
  if (event.event === "session-end") session.end = event.status;
  if (event.event === "time-limits") session.deadlineAt = event.deadlineAt;
  if (event.event === "forecast") session.forecast = { endAt: event.endAt, lowAt: event.lowAt, highAt: event.highAt };
  if (event.event === "row") {
    session.answeredAt.push(event.at);
    session.failing = null;
  }
  if (event.event === "failed" && event.request !== null && !ENDS.includes(event.reason)) {
    const requests = (session.failing?.requests ?? 0) + 1;
    session.failing = { requests, reason: event.reason, message: event.message };
  }
}
