import type { Order } from "../../types.ts";

/** Version of the journal's format; a reader refuses any other. */
export const JOURNAL_FORMAT = 2;

/** One line of the journal. `at` is wall time, ms since 1970. */
export type JournalEvent =
  | SessionStart
  | RowResult
  | FailedAttempt
  | Decision
  | EngineEvent
  | { readonly event: "checkpoint"; readonly at: number }
  | { readonly event: "session-end"; readonly at: number; readonly status: string };

/** A process began to work on the run. */
interface SessionStart {
  readonly event: "session-start";
  readonly at: number;
  readonly format: number;
  readonly pid: number;
  /** Version of abtie. */
  readonly version: string;
}

/** Number of a request in its session, from 1: rows with the same one were asked for together. */
type RequestNumber = number;

/** A row got an answer in one order. */
export interface RowResult {
  readonly event: "row";
  readonly row: number;
  readonly order: Order;
  /** Log probabilities (nats) of a, b and tie in the order shown; -Infinity is written as null. */
  readonly logProbs: readonly [number, number, number];
  readonly mass: number | null;
  readonly bounded: boolean;
  /** Prompt tokens sent, and how many were cut to fit. */
  readonly tokens: number;
  readonly cutTokens: number;
  /** Control strings of the data that were defused. */
  readonly neutralised: number;
  /** Token budget of a step that shortens the context; null for as many tokens as the model takes. */
  readonly context: number | null;
  /** Requests it took. */
  readonly attempts: number;
  /** The request that answered, and its duration. */
  readonly request: RequestNumber;
  readonly ms: number;
  readonly at: number;
}

/** A request failed. */
export interface FailedAttempt {
  readonly event: "failed";
  readonly rows: readonly number[];
  readonly order: Order;
  /** One word, for counts. */
  readonly reason: string;
  readonly message: string;
  /** True when the rows will not be tried again in this session. */
  readonly final: boolean;
  /** Null when the rows ended without a request, because no engine was left. */
  readonly request: RequestNumber | null;
  readonly at: number;
}

/** The program chose; the figures it chose by. */
export interface Decision {
  readonly event: "decision";
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
  readonly at: number;
}
type Figure = number | string | boolean | null;

/** Something happened to an engine. */
export interface EngineEvent {
  readonly event: "engine";
  readonly what: string;
  readonly detail: string;
  readonly at: number;
}

/** Writes an event as one line, with its newline. Throws an Error when a result holds NaN, which JSON would turn into null. */
export function encodeEvent(event: JournalEvent): string {
  if (event.event === "row" && !isSound(event)) {
    throw new Error(
      `the result of row ${event.row} holds a number that is none: ${event.logProbs.join(", ")}, ${event.mass}`,
    );
  }
  return `${JSON.stringify(event)}\n`;
}

function isSound({ logProbs, mass }: RowResult): boolean {
  return logProbs.every((value) => value < Number.POSITIVE_INFINITY) && (mass === null || Number.isFinite(mass));
}
