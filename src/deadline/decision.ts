import type { Forecast } from "../forecast/forecast.ts";
import type { Step, StepForecast } from "./ladder.ts";

/** A decision: what to do now, the reason, and the numbers behind it. Plain data; times are monotonic, ms. */
export interface Decision {
  readonly at: number;
  readonly phase: "starting" | "pilot" | "first-pass" | "swap-pass";
  readonly step: Step;
  /** Whether the step differs from that of the previous decision. */
  readonly changed: boolean;
  readonly reason: string;
  /** Cost of each step and its probability of finishing in time, the best step first; empty while the speed is unknown. */
  readonly steps: readonly StepForecast[];
  /**
   * Forecast of all work that is planned on the step: the rest of the first pass, or the allowed rows of the swap pass. Null
   * while the speed is unknown.
   */
  readonly forecast: Forecast | null;
  readonly progress: RowProgress;
  readonly swapPass: SwapPassPlan;
  /** Number of rows that will probably keep the prior because they get no answer in time; null when unknown. */
  readonly priorRows: number | null;
  /** Time until scoring must end, ms; null without a deadline. */
  readonly leftMs: number | null;
  /** Time since the last answer while prompts wait for one, ms; 0 while nothing is in flight. */
  readonly silentMs: number;
  /** Not null once no more prompts are sent. Requests in flight may still end, except when time is up. */
  readonly stop: Stop | null;
}

/** Progress in rows, including earlier sessions unless stated otherwise. */
export interface RowProgress {
  readonly rows: number;
  /** Rows that have an answer or will get none. */
  readonly settled: number;
  /** Rows that this session has also answered in the swapped order. */
  readonly swapAnswered: number;
}

/** How many rows the swap pass may score. */
export interface SwapPassPlan {
  /** Rows that the run may still begin. */
  readonly allowed: number;
  /** Rows that the run has begun. */
  readonly begun: number;
  /** Share of all rows for which the swapped order fits in time with the required confidence; null while unknown. */
  readonly share: number | null;
  /** True when the swap pass could begin but has no ranking yet. The caller then passes one to observe. */
  readonly needsRanking: boolean;
}

/** Why a run ends. */
export interface Stop {
  readonly kind: "complete" | "time-up" | "overrun" | "engine-lost";
  readonly reason: string;
}
