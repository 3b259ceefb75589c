import type { Decision, Stop } from "../../deadline/decision.ts";
import type { RunPlan } from "../../deadline/run-plan.ts";
import type { FailureReason } from "../../schedule/types.ts";
import type { Order, PerClass } from "../../types.ts";

/**
 * Version of the journal's format. Format 4 added the end "low-mass" of a session and the reason "too-large" of a failed request to
 * format 3, which is read too. abtie refuses to read any other format.
 */
export const JOURNAL_FORMAT = 4;
export const OLDEST_JOURNAL_FORMAT = 3;

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

/** The first event of a session: a process began to work on the run. */
export interface SessionStart {
  readonly event: "session-start";
  readonly at: number;
  readonly format: number;
  readonly pid: number;
  /** Version of abtie that runs the session. */
  readonly version: string;
}

/** The time limits of a session with a deadline, ms since 1970; `Budget` in src/deadline defines them. */
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
  /** Text for a person: the engine's name in the pool, and its version, its address or the reason of the loss. */
  readonly detail: string;
}

/** The model that answers, by the name that its server reports. */
export interface EngineModel {
  readonly event: "engine-model";
  readonly at: number;
  readonly model: string;
  /** Version of the server; null when the server reports none. */
  readonly version: string | null;
  /** The method by which the server is asked for label probabilities. */
  readonly method: string;
}

/** Duration of the start of the engines in this session. */
export interface StartUp {
  readonly event: "start-up";
  readonly at: number;
  readonly seconds: number;
}

/** The plan for all rows of the run, made when the engine was ready. */
export interface PlanEvent {
  readonly event: "plan";
  readonly at: number;
  readonly plan: RunPlan;
}

/** Number of a request in its session, from 1. Rows with the same number were in the same request. */
type RequestNumber = number;

/** A row got an answer in one order. */
export interface RowResult {
  readonly event: "row";
  readonly row: number;
  readonly order: Order;
  /** Log probabilities (nats) of a, b and tie in the order shown; -Infinity is written as null. */
  readonly logProbs: PerClass;
  /** Sum of the labels' probabilities over the whole vocabulary; null when the server does not give it. */
  readonly mass: number | null;
  /** True when a label was missing in the answer, so that its log probability is an upper bound. */
  readonly bounded: boolean;
  /** Prompt tokens that were sent, and tokens that were cut so that the prompt fits. */
  readonly tokens: number;
  readonly cutTokens: number;
  /** Number of control tokens in the row's texts that were broken up. */
  readonly neutralised: number;
  /** Hash of the first ids of the prompt, if they print a date that only the server sets; absent otherwise. */
  readonly chatHead?: string | undefined;
  /**
   * Token budget of the ladder step that shortened the prompt; null when the prompt could have as many tokens as the
   * model accepts.
   */
  readonly tokenBudget: number | null;
  /** Number of requests of this session that included the row. */
  readonly attempts: number;
  /** The request that gave the answer, and its duration in ms. */
  readonly request: RequestNumber;
  readonly ms: number;
  readonly at: number;
}

/** The reason why a row or request got no answer: a failure, or the end of the run before the answer. */
export type RowFailureReason = FailureReason | "deadline" | "interrupted";

/** A request failed, or its rows were given up without a request. */
export interface FailedAttempt {
  readonly event: "failed";
  readonly rows: readonly number[];
  readonly order: Order;
  readonly reason: RowFailureReason;
  readonly message: string;
  /** True when the rows will not be sent again in this session. */
  readonly final: boolean;
  /** Null when the rows were given up without a request: no engine was left, or the row must not be sent ("unsafe"). */
  readonly request: RequestNumber | null;
  readonly at: number;
}

/** The search for the best number of requests in flight of an engine chose another setting. */
export interface ConcurrencyEvent {
  readonly event: "concurrency";
  readonly at: number;
  /** Name of the engine in the pool. */
  readonly engine: string;
  /** Number of requests in flight, and number of prompts in each request. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
  readonly rowsPerSecond: number;
}

/** The planner's forecast for one ladder step at the time of a decision. */
export interface StepProspect {
  readonly name: string;
  /** Prompt tokens that remain to be sent if this step is taken. */
  readonly tokens: number;
  /** Probability that the run finishes in time if this step is taken. */
  readonly probability: number;
}

/** The state of the run when the planner decided. */
interface PlannerState {
  readonly at: number;
  readonly phase: Decision["phase"];
  /** Name of the ladder step that the planner used. */
  readonly step: string;
  /** Reason why the planner stays on this step, leaves it or stops; for a person. */
  readonly reason: string;
  /** Number of rows of the run, and number of rows that are answered or given up; both include earlier sessions. */
  readonly rows: number;
  readonly settled: number;
  /** Number of rows that this session also answered in the swapped order. */
  readonly swapAnswered: number;
  /** Time from the decision until scoring must end, ms; null without a deadline. */
  readonly leftMs: number | null;
  /** The forecast for every ladder step, the best step first; empty while the speed is unknown. */
  readonly ladder: readonly StepProspect[];
}

/** The planner moved to another step of the ladder. */
export interface LadderStepEvent extends PlannerState {
  readonly event: "ladder-step";
}

/** A forecast of the time at which the present pass ends: the first pass, or the swap pass after it. */
export interface ForecastEvent extends PlannerState {
  readonly event: "forecast";
  /** Expected end and its 90 % interval, ms since 1970. */
  readonly endAt: number;
  readonly lowAt: number;
  readonly highAt: number;
  /** Probability of ending in time; 1 without a deadline. */
  readonly probability: number;
  /** Expected mean time of a row, ms, including failures; null when no rows are left. */
  readonly msPerRow: number | null;
  /** Part of the expected remaining time that failures will cost, ms. */
  readonly lostMs: number;
  /**
   * Number of rows that may still begin the swap pass, and the expected share of all rows that this pass will cover;
   * the share is null while it is unknown.
   */
  readonly swapAllowed: number;
  readonly swapShare: number | null;
  /** Number of rows that are expected to keep the prior; null while unknown. */
  readonly priorRows: number | null;
  /** Time since the last answer while prompts wait for one, ms. */
  readonly silentMs: number;
}

/** The planner ended the sending of prompts. */
export interface StopEvent extends PlannerState {
  readonly event: "stop";
  readonly kind: Stop["kind"];
}

/**
 * Counts of prompt tokens. `looked` and `found`: tokens that the servers looked up in their prefix caches, and tokens
 * that they found there, for all variants that share the servers. `prepared` and `shared`: tokens of this variant that
 * were sent, and tokens at the start of a prompt that equal the start of an earlier prompt of this variant.
 */
export interface PrefixCacheEvent {
  readonly event: "prefix-cache";
  readonly at: number;
  readonly looked: number;
  readonly found: number;
  readonly prepared: number;
  readonly shared: number;
}

/** All lines before this one are on the disk. */
export interface Checkpoint {
  readonly event: "checkpoint";
  readonly at: number;
}

/** The last event of a session; `status` is the reason why the session ended. */
export interface SessionEnd {
  readonly event: "session-end";
  readonly at: number;
  readonly status: "done" | "deadline" | "overrun" | "interrupted" | "engine-lost" | "low-mass" | "failed";
}

/**
 * Writes an event as one line, with its newline. Throws an Error when a result contains NaN, because JSON would turn it
 * into null.
 */
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
