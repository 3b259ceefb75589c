import type { Order, Reading } from "../../types.ts";
import type { EngineModel, PrefixCacheEvent, RowFailureReason } from "../journal/events.ts";

/** What the journal of a run adds up to: results by row and order in typed arrays, about 60 bytes a row and order. */
export interface RunState {
  /** Number of rows of the run. */
  readonly rows: number;
  readonly orders: { readonly ab: OrderState; readonly ba: OrderState };
  /** The engine that answered last; null before any engine was ready. */
  engineModel: EngineModel | null;
  /** Longest start of the engines in a session; null when none was measured. */
  longestStartUpSeconds: number | null;
  /** Sums over all sessions; null when no server counts what its prefix cache holds. */
  prefixCache: PrefixCacheCounts | null;
}

/** Prompt tokens as `PrefixCacheEvent` counts them. */
export type PrefixCacheCounts = Omit<PrefixCacheEvent, "event" | "at">;

/** The results of one order; index by row. */
export interface OrderState {
  /** Rows with an answer. */
  answered: number;
  /** A sum of the constants below; 0 for a row without a final failure or an answer. */
  readonly flags: Uint8Array;
  /** a, b and tie of row r at 3r, 3r + 1, 3r + 2. */
  readonly logProbs: Float64Array;
  /** NaN where unknown. */
  readonly mass: Float64Array;
  readonly tokens: Uint32Array;
  readonly cutTokens: Uint32Array;
  readonly neutralised: Uint32Array;
  /** Token budget of the ladder step that shortened it; 0 for as many tokens as the model takes. */
  readonly tokenBudget: Uint32Array;
  /** Requests with the row in the session that answered it, counted by the scheduler. */
  readonly attempts: Uint16Array;
  /** Failed requests over all sessions. */
  readonly failures: Uint16Array;
  /** Index in `reasons` of the last failure, plus 1; 0 without a failure. */
  readonly lastReason: Uint16Array;
  readonly reasons: RowFailureReason[];
}

export const ANSWERED = 1;
export const BOUNDED = 2;
export const HAS_MASS = 8;
/** The last failure was final in its session. */
export const GAVE_UP = 16;

/** Creates the state of a run that has not begun. */
export function createRunState(rows: number): RunState {
  return {
    rows,
    orders: { ab: createOrderState(rows), ba: createOrderState(rows) },
    engineModel: null,
    longestStartUpSeconds: null,
    prefixCache: null,
  };
}

/** Decides whether a row has an answer in this order. */
export function isAnswered(state: RunState, row: number, order: Order): boolean {
  return ((state.orders[order].flags[row] ?? 0) & ANSWERED) !== 0;
}

/** Decides whether a ladder step shortened the row's prompt in this order. */
export function isShort(state: RunState, row: number, order: Order): boolean {
  return tokenBudgetOf(state, row, order) !== null;
}

/** Gives the token budget of the step that shortened a row's prompt in this order; null when it was not shortened by one. */
export function tokenBudgetOf(state: RunState, row: number, order: Order): number | null {
  return state.orders[order].tokenBudget[row] || null;
}

/** Gives the answer of a row in this order, in the order shown; null without an answer. */
export function readingOf(state: RunState, row: number, order: Order): Reading | null {
  const { flags, logProbs, mass } = state.orders[order];
  const flag = flags[row] ?? 0;
  if ((flag & ANSWERED) === 0) return null;
  const at = (offset: number): number => logProbs[3 * row + offset] ?? Number.NaN;
  return {
    logProbs: [at(0), at(1), at(2)],
    mass: (flag & HAS_MASS) === 0 ? null : (mass[row] ?? null),
    bounded: (flag & BOUNDED) !== 0,
  };
}

/** Why the last request with a row failed, and whether the row was given up with it. */
export interface LastFailure {
  readonly reason: RowFailureReason;
  readonly final: boolean;
}

/** Gives a row's last failure in this order; null when it never failed. */
export function lastFailure(state: RunState, row: number, order: Order): LastFailure | null {
  const { lastReason, reasons, flags } = state.orders[order];
  const reason = reasons[(lastReason[row] ?? 0) - 1];
  return reason === undefined ? null : { reason, final: ((flags[row] ?? 0) & GAVE_UP) !== 0 };
}

/** Counts the requests that a row was part of in this order, over all sessions. */
export function attemptsOf(state: RunState, row: number, order: Order): number {
  const { attempts, failures } = state.orders[order];
  // Failures of earlier sessions are not in the count of the request that answered.
  return Math.max(attempts[row] ?? 0, (failures[row] ?? 0) + (isAnswered(state, row, order) ? 1 : 0));
}

function createOrderState(rows: number): OrderState {
  return {
    answered: 0,
    flags: new Uint8Array(rows),
    logProbs: new Float64Array(3 * rows),
    mass: new Float64Array(rows),
    tokens: new Uint32Array(rows),
    cutTokens: new Uint32Array(rows),
    neutralised: new Uint32Array(rows),
    tokenBudget: new Uint32Array(rows),
    attempts: new Uint16Array(rows),
    failures: new Uint16Array(rows),
    lastReason: new Uint16Array(rows),
    reasons: [],
  };
}
