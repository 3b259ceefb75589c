import { type ClassMatrix, rowAt } from "../../class-matrix.ts";
import type { Classes, Order, Reading } from "../../types.ts";
import type { EngineModel, PrefixCacheEvent, RowFailureReason } from "../journal/events.ts";

/**
 * The sum of all events in the journal of a run: results by row and order in typed arrays, about 60 bytes for each row
 * and order.
 */
export interface RunState {
  /** Number of rows of the run. */
  readonly rows: number;
  readonly orders: { readonly ab: OrderState; readonly ba: OrderState };
  /** The model and server that answered last; null before any engine was ready. */
  engineModel: EngineModel | null;
  /** Longest start of the engines among all sessions, s; null when none was measured. */
  longestStartUpSeconds: number | null;
  /** Time of a row that the last forecast of any session expected, ms; null when there was none. */
  msPerRow: number | null;
  /** Counts over all sessions; null when no server reports its prefix cache. */
  prefixCache: PrefixCacheCounts | null;
  /** The `chatHead` of the first answered row; null when no row has one. */
  chatHead: string | null;
}

/** Counts of prompt tokens; `PrefixCacheEvent` defines them. */
export type PrefixCacheCounts = Omit<PrefixCacheEvent, "event" | "at">;

/** The results of one order; the index of each array is the row. */
export interface OrderState {
  /** Number of rows with an answer. */
  answered: number;
  /** For each class, number of these rows in which it has the highest probability, in the order shown. */
  readonly verdicts: number[];
  /** For each row a sum of the constants below; 0 for a row with neither an answer nor a final failure. */
  readonly flags: Uint8Array;
  /** Log probabilities, nats. */
  readonly logProbs: ClassMatrix;
  /** Label mass, 0 to 1; NaN when unknown. */
  readonly mass: Float64Array;
  readonly tokens: Uint32Array;
  readonly cutTokens: Uint32Array;
  readonly neutralised: Uint32Array;
  /**
   * Token budget of the ladder step that shortened the row's prompt; 0 when the prompt could have as many tokens as the
   * model accepts.
   */
  readonly tokenBudget: Uint32Array;
  /** Number of requests that included the row in the session that answered it, as the scheduler counted them. */
  readonly attempts: Uint16Array;
  /** Number of failed requests that included the row, over all sessions. */
  readonly failures: Uint16Array;
  /** Index in `reasons` of the row's last failure, plus 1; 0 for a row that never failed. */
  readonly lastReason: Uint16Array;
  readonly reasons: RowFailureReason[];
}

export const ANSWERED = 1;
export const BOUNDED = 2;
export const HAS_MASS = 8;
/** Flag: the server's chat template printed another date than in the first answered row. */
export const OTHER_DATE = 4;
/** Flag: the row's last failure was final in its session. */
export const GAVE_UP = 16;

/** Creates the state of a run that has not begun, with a judge of these classes. */
export function createRunState(rows: number, classes: Classes): RunState {
  return {
    rows,
    orders: { ab: createOrderState(rows, classes), ba: createOrderState(rows, classes) },
    engineModel: null,
    longestStartUpSeconds: null,
    msPerRow: null,
    prefixCache: null,
    chatHead: null,
  };
}

/** Decides whether a row has an answer in this order. */
export function isAnswered(state: RunState, row: number, order: Order): boolean {
  return ((state.orders[order].flags[row] ?? 0) & ANSWERED) !== 0;
}

/** Decides whether the row's prompt in this order was shortened by a ladder step. */
export function isShort(state: RunState, row: number, order: Order): boolean {
  return tokenBudgetOf(state, row, order) !== null;
}

/** Decides whether the row's prompt in this order prints another date than that of the first answered row. */
export function hasOtherDate(state: RunState, row: number, order: Order): boolean {
  return ((state.orders[order].flags[row] ?? 0) & OTHER_DATE) !== 0;
}

/**
 * Returns the token budget of the ladder step that shortened a row's prompt in this order; null when no step shortened
 * it.
 */
export function tokenBudgetOf(state: RunState, row: number, order: Order): number | null {
  return state.orders[order].tokenBudget[row] || null;
}

/** Returns the answer of a row in this order, not swapped back; null without an answer. */
export function readingOf(state: RunState, row: number, order: Order): Reading | null {
  const { flags, logProbs, mass } = state.orders[order];
  const flag = flags[row] ?? 0;
  if ((flag & ANSWERED) === 0) return null;
  return {
    logProbs: rowAt(logProbs, row),
    mass: (flag & HAS_MASS) === 0 ? null : (mass[row] ?? null),
    bounded: (flag & BOUNDED) !== 0,
  };
}

/** Returns the answers of all rows that have one in this order, in the order of the rows. */
export function allReadings(state: RunState, order: Order): readonly Reading[] {
  return Array.from({ length: state.rows }, (_, row) => readingOf(state, row, order)).filter(
    (reading) => reading !== null,
  );
}

/** The reason why the last request with a row failed, and whether the row was then given up. */
export interface LastFailure {
  readonly reason: RowFailureReason;
  readonly final: boolean;
}

/** Returns the last failure of a row in this order; null when the row never failed. */
export function lastFailure(state: RunState, row: number, order: Order): LastFailure | null {
  const { lastReason, reasons, flags } = state.orders[order];
  const reason = reasons[(lastReason[row] ?? 0) - 1];
  return reason === undefined ? null : { reason, final: ((flags[row] ?? 0) & GAVE_UP) !== 0 };
}

/** Counts the requests that included a row in this order, over all sessions. */
export function attemptsOf(state: RunState, row: number, order: Order): number {
  const { attempts, failures } = state.orders[order];
  // `attempts` lacks the failed requests of earlier sessions, and `failures` lacks the request that answered.
  return Math.max(attempts[row] ?? 0, (failures[row] ?? 0) + (isAnswered(state, row, order) ? 1 : 0));
}

function createOrderState(rows: number, classes: Classes): OrderState {
  return {
    answered: 0,
    verdicts: classes.map(() => 0),
    flags: new Uint8Array(rows),
    logProbs: { classes, values: new Float64Array(classes.length * rows) },
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
