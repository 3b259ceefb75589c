import type { Decision, Stop } from "../../deadline/decision.ts";
import type { RunPlan } from "../../deadline/run-plan.ts";
import type { FailureReason } from "../../schedule/types.ts";
import type { Order } from "../../types.ts";

/** Version of the journal's format; a reader refuses any other. */
export const JOURNAL_FORMAT = 3;

/** One line of the journal. `at` is wall time, ms since 1970. */
export type JournalEvent =
  | SessionStart
  | TimeLimitsEvent
  | EngineEvent
  | EngineModel
  | StartUp
  | PlanEvent
  | RowResult
  | FailedAttempt
  | ConcurrencyEvent
  | LadderStepEvent
  | ForecastEvent
  | StopEvent
  | PrefixCacheEvent
  | Checkpoint
  | SessionEnd;

/** A process began to work on the run. */
export interface SessionStart {
  readonly event: "session-start";
  readonly at: number;
  readonly format: number;
  readonly pid: number;
  /** Version of abtie. */
  readonly version: string;
}

/** The moments that bound a session with a deadline, ms since 1970; `Budget` in src/deadline gives their meaning. */
export interface TimeLimitsEvent {
  readonly event: "time-limits";
  readonly at: number;
  readonly startedAt: number;
  readonly workEndAt: number;
  readonly watchdogAt: number;
  readonly deadlineAt: number;
}

/** An engine began to serve, was lost, serves again, or was given up. */
export interface EngineEvent {
  readonly event: "engine";
  readonly at: number;
  readonly what: "ready" | "lost" | "back" | "given-up";
  /** Name of the engine in the pool, and its version, address or the reason of the loss; for a person. */
  readonly detail: string;
}

/** The model that answers, as its server names it. */
export interface EngineModel {
  readonly event: "engine-model";
  readonly at: number;
  readonly model: string;
  /** Version of the server; null when it reports none. */
  readonly version: string | null;
  /** How the server is asked for label probabilities. */
  readonly method: string;
}

/** How long the start of the engines took in this session. */
export interface StartUp {
  readonly event: "start-up";
  readonly at: number;
  readonly seconds: number;
}

/** What the run will do with all its rows, decided when the engine was ready. */
export interface PlanEvent {
  readonly event: "plan";
  readonly at: number;
  readonly plan: RunPlan;
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
  /** Probability of the labels over the whole vocabulary; null when the server does not give it. */
  readonly mass: number | null;
  /** True when a label was not in the answer, so that its number is an upper bound. */
  readonly bounded: boolean;
  /** Prompt tokens sent, and how many were cut to fit. */
  readonly tokens: number;
  readonly cutTokens: number;
  /** Control strings in the data that were made harmless. */
  readonly neutralised: number;
  /** Token budget of the ladder step that shortened the prompt; null for as many tokens as the model takes. */
  readonly tokenBudget: number | null;
  /** Requests of this session that included the row. */
  readonly attempts: number;
  /** The request that answered, and its duration in ms. */
  readonly request: RequestNumber;
  readonly ms: number;
  readonly at: number;
}

/** Why a row or request got no answer: it failed, or the run ended before it was answered. */
export type RowFailureReason = FailureReason | "deadline" | "interrupted";

/** A request failed. */
export interface FailedAttempt {
  readonly event: "failed";
  readonly rows: readonly number[];
  readonly order: Order;
  readonly reason: RowFailureReason;
  readonly message: string;
  /** True when the rows will not be sent again in this session. */
  readonly final: boolean;
  /** Null when the rows ended without a request, because no engine was left. */
  readonly request: RequestNumber | null;
  readonly at: number;
}

/** The search for the best load of an engine settled on another setting. */
export interface ConcurrencyEvent {
  readonly event: "concurrency";
  readonly at: number;
  /** Name of the engine in the pool. */
  readonly engine: string;
  /** Requests in flight at once, and prompts in each. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
  readonly rowsPerSecond: number;
}

/** A ladder step as the planner judged it at one moment. */
export interface StepProspect {
  readonly name: string;
  /** Prompt tokens that are left to send on it. */
  readonly tokens: number;
  /** Probability of finishing in time on it. */
  readonly probability: number;
}

/** Where the run stood when the planner decided. */
interface PlannerState {
  readonly at: number;
  readonly phase: Decision["phase"];
  /** Name of the ladder step in force. */
  readonly step: string;
  /** Why the planner stays on this step, leaves it or stops; for a person. */
  readonly reason: string;
  /** Rows of the run, and those with an answer or without hope of one; earlier sessions included. */
  readonly rows: number;
  readonly settled: number;
  /** Rows of this session that were answered in the swapped order too. */
  readonly swapAnswered: number;
  /** Time until scoring must end, ms; null without a deadline. */
  readonly leftMs: number | null;
  /** Every ladder step, the best first; empty while no speed is known. */
  readonly ladder: readonly StepProspect[];
}

/** The planner moved to another step of the ladder. */
export interface LadderStepEvent extends PlannerState {
  readonly event: "ladder-step";
}

/** When the planner expected the end: of the first pass, or of the swap pass in that phase. */
export interface ForecastEvent extends PlannerState {
  readonly event: "forecast";
  /** Expected end and its 90 % interval, ms since 1970. */
  readonly endAt: number;
  readonly lowAt: number;
  readonly highAt: number;
  /** Probability of ending in time; 1 without a deadline. */
  readonly probability: number;
  /** Expected mean time of a row, failures included; null when no rows are left. */
  readonly msPerRow: number | null;
  /** Part of the expected time that failures will cost, ms. */
  readonly lostMs: number;
  /** Rows that may still begin the swap pass, and the share of all rows that it will cover; null while unknown. */
  readonly swapAllowed: number;
  readonly swapShare: number | null;
  /** Rows expected to keep the prior; null while unknown. */
  readonly priorRows: number | null;
  /** Time without any answer while prompts wait for one, ms. */
  readonly silentMs: number;
}

/** The planner sends nothing more. */
export interface StopEvent extends PlannerState {
  readonly event: "stop";
  readonly kind: Stop["kind"];
}

/**
 * Prompt tokens that the servers looked up in their prefix caches and found there, of all variants that share them; and of this variant
 * the tokens that were sent, and those that began like an earlier prompt of its own.
 */
export interface PrefixCacheEvent {
  readonly event: "prefix-cache";
  readonly at: number;
  readonly looked: number;
  readonly found: number;
  readonly prepared: number;
  readonly shared: number;
}

/** Everything before this line is on disk. */
export interface Checkpoint {
  readonly event: "checkpoint";
  readonly at: number;
}

/** How a session ended. */
export interface SessionEnd {
  readonly event: "session-end";
  readonly at: number;
  readonly status: "done" | "deadline" | "overrun" | "interrupted" | "engine-lost" | "failed";
}

/** Writes an event as one line, with its newline. Throws an Error when a result holds NaN, which JSON would turn into null. */
export function encodeEvent(event: JournalEvent): string {
  if (event.event === "row" && !isSound(event)) {
    throw new Error(
      `the result of row ${event.row} must hold numbers, found ${event.logProbs.join(", ")} and mass ${event.mass}`,
    );
  }
  return `${JSON.stringify(event)}\n`;
}

function isSound({ logProbs, mass }: RowResult): boolean {
  return logProbs.every((value) => value < Number.POSITIVE_INFINITY) && (mass === null || Number.isFinite(mass));
}
