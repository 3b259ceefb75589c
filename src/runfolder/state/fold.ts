import { setRow } from "../../class-matrix.ts";
import { argmax } from "../../classes.ts";
import { AbtieError } from "../../errors.ts";
import { plural } from "../../format.ts";
import type { FailedAttempt, JournalEvent, PrefixCacheEvent, RowFailureReason, RowResult } from "../journal/events.ts";
import {
  ANSWERED,
  BOUNDED,
  GAVE_UP,
  HAS_MASS,
  type OrderState,
  OTHER_DATE,
  type PrefixCacheCounts,
  type RunState,
} from "./run-state.ts";

/** The largest number that an element of a Uint16Array can have. */
const MOST = 0xffff;

/**
 * Adds an event to the state, which is changed in place and returned. The first answer of a row in an order is kept; a
 * later failure changes only the counts. Throws AbtieError("data") when the run has no such row.
 */
export function fold(state: RunState, event: JournalEvent): RunState {
  switch (event.event) {
    case "row":
      foldResult(state, event);
      break;
    case "failed":
      foldFailure(state, event);
      break;
    case "engine-model":
      state.engineModel = event;
      break;
    case "start-up":
      state.longestStartUpSeconds = Math.max(event.seconds, state.longestStartUpSeconds ?? 0);
      break;
    case "forecast":
      state.msPerRow = event.msPerRow ?? state.msPerRow;
      break;
    case "prefix-cache":
      state.prefixCache = addPrefixCaches(state.prefixCache, event);
      break;
    case "session-start":
    case "session-end":
    case "checkpoint":
    case "engine":
    case "time-limits":
    case "plan":
    case "concurrency":
    case "ladder-step":
    case "stop":
      // The report reads these events from the journal. A resumed run does not need the decisions of earlier sessions.
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
  checkClasses(order, event);
  const before = order.flags[row] ?? 0;
  if ((before & ANSWERED) !== 0) return;
  order.answered += 1;
  state.chatHead ??= event.chatHead ?? null;
  const otherDate = event.chatHead !== undefined && event.chatHead !== state.chatHead;
  order.flags[row] = flagsOf(event) | (otherDate ? OTHER_DATE : 0);
  setRow(order.logProbs, row, event.logProbs);
  const verdict = argmax(event.logProbs);
  order.verdicts[verdict] = (order.verdicts[verdict] ?? 0) + 1;
  order.attempts[row] = Math.min(MOST, event.attempts);
  order.mass[row] = event.mass ?? Number.NaN;
  order.tokens[row] = event.tokens;
  order.cutTokens[row] = event.cutTokens;
  order.neutralised[row] = event.neutralised;
  order.tokenBudget[row] = event.tokenBudget ?? 0;
}

function flagsOf({ bounded, mass }: RowResult): number {
  return ANSWERED | (bounded ? BOUNDED : 0) | (mass === null ? 0 : HAS_MASS);
}

function foldFailure(state: RunState, event: FailedAttempt): void {
  const order = state.orders[event.order];
  const reason = numberOf(order, event.reason);
  for (const row of event.rows) {
    checkRow(state, row);
    // Rows that were given up without a request were in none.
    if (event.request !== null) order.failures[row] = Math.min(MOST, (order.failures[row] ?? 0) + 1);
    const before = order.flags[row] ?? 0;
    if ((before & ANSWERED) !== 0) continue;
    order.lastReason[row] = reason + 1;
    order.flags[row] = event.final ? before | GAVE_UP : before & ~GAVE_UP;
  }
}

function numberOf(order: OrderState, reason: RowFailureReason): number {
  const known = order.reasons.indexOf(reason);
  return known >= 0 ? known : order.reasons.push(reason) - 1;
}

function addPrefixCaches(before: PrefixCacheCounts | null, event: PrefixCacheEvent): PrefixCacheCounts {
  return {
    looked: event.looked + (before?.looked ?? 0),
    found: event.found + (before?.found ?? 0),
    prepared: event.prepared + (before?.prepared ?? 0),
    shared: event.shared + (before?.shared ?? 0),
  };
}

function checkClasses({ logProbs: { classes } }: OrderState, { row, logProbs }: RowResult): void {
  if (logProbs.length === classes.length) return;
  throw new AbtieError(
    "data",
    `row ${row} in the journal has the answer of a judge with ${logProbs.length} classes, and this one has ` +
      `${classes.length} (${classes.join(", ")}): choose another run folder (--run) or begin again (--fresh).`,
  );
}

function checkRow(state: RunState, row: number): void {
  if (row < state.rows) return;
  throw new AbtieError(
    "data",
    `row ${row} in the journal of a run of ${plural(state.rows, "row")}: it belongs to another data file. Name that file with -i, or another run folder with --run.`,
  );
}
