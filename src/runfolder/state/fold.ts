import { AbtieError } from "../../errors.ts";
import type { FailedAttempt, JournalEvent, RowResult } from "../journal/events.ts";
import { ANSWERED, BOUNDED, GAVE_UP, HAS_MASS, type OrderState, type RunState } from "./run-state.ts";

/** What a Uint16Array can count. */
const MOST = 0xffff;

/**
 * Adds an event to the state and returns the state, whose arrays are updated in place. The first answer of a row and
 * order stays; a failure after it changes nothing but the counts. Throws AbtieError("data") when the run has no such row.
 */
export function fold(state: RunState, event: JournalEvent): RunState {
  switch (event.event) {
    case "row":
      foldResult(state, event);
      break;
    case "failed":
      foldFailure(state, event);
      break;
    case "session-start":
      state.sessions.push({ startedAt: event.at, version: event.version });
      break;
    case "session-end": {
      const session = state.sessions.at(-1);
      if (session !== undefined) Object.assign(session, { endedAt: event.at, status: event.status });
      break;
    }
    case "decision":
      state.decisions.push(event);
      break;
    case "engine":
      state.engineEvents.push(event);
      break;
    case "checkpoint":
      break;
    default:
      return event satisfies never;
  }
  return state;
}

function foldResult(state: RunState, event: RowResult): void {
  const { row } = event;
  checkRow(state, row);
  const order = state.orders[event.order];
  const before = order.flags[row] ?? 0;
  if ((before & ANSWERED) !== 0) return;
  order.answered += 1;
  order.flags[row] = flagsOf(event);
  order.logProbs.set(event.logProbs, 3 * row);
  order.attempts[row] = Math.min(MOST, event.attempts);
  order.mass[row] = event.mass ?? Number.NaN;
  order.tokens[row] = event.tokens;
  order.cutTokens[row] = event.cutTokens;
  order.neutralised[row] = event.neutralised;
  order.context[row] = event.context ?? 0;
  order.ms[row] = event.ms;
}

function flagsOf({ bounded, mass }: RowResult): number {
  return ANSWERED | (bounded ? BOUNDED : 0) | (mass === null ? 0 : HAS_MASS);
}

function foldFailure(state: RunState, event: FailedAttempt): void {
  const order = state.orders[event.order];
  const reason = numberOf(order, event.reason);
  for (const row of event.rows) {
    checkRow(state, row);
    order.failures[row] = Math.min(MOST, (order.failures[row] ?? 0) + 1);
    const before = order.flags[row] ?? 0;
    if ((before & ANSWERED) !== 0) continue;
    order.lastReason[row] = reason + 1;
    order.flags[row] = event.final ? before | GAVE_UP : before & ~GAVE_UP;
  }
}

function numberOf(order: OrderState, reason: string): number {
  const known = order.reasons.indexOf(reason);
  return known >= 0 ? known : order.reasons.push(reason) - 1;
}

function checkRow(state: RunState, row: number): void {
  if (row < state.rows) return;
  throw new AbtieError(
    "data",
    `row ${row} in the journal of a run of ${state.rows} rows: it belongs to another data file.`,
  );
}
