import type { Forecast } from "../forecast/forecast.ts";
import type { Step, StepForecast } from "./ladder.ts";

/** What to do now, why, and the numbers behind it. Plain data; times are monotonic, ms. */
export interface Decision {
  readonly at: number;
  readonly phase: "starting" | "pilot" | "first-pass" | "swap-pass";
  readonly step: Step;
  /** Whether the step differs from the one before. */
  readonly changed: boolean;
  readonly reason: string;
  /** Cost of each step and probability of finishing on it, the best step first; empty while the speed is unknown. */
  readonly steps: readonly StepForecast[];
  /** Time of all work planned on the step: the rest of the first pass, or the allowed rows of the swap pass. */
  readonly forecast: Forecast | null;
  readonly progress: RowProgress;
  readonly swapPass: SwapPassPlan;
  /** Rows that will probably keep the prior because they get no answer in time; null when unknown. */
  readonly priorRows: number | null;
  /** Time until scoring must end; null without a deadline. */
  readonly leftMs: number | null;
  /** Time since the last answer while prompts wait for one, ms; 0 while nothing is in flight. */
  readonly silentMs: number;
  /** Set when no more prompts are sent. Those in flight may still end, except when time is up. */
  readonly stop: Stop | null;
}

/** How many rows are done, earlier sessions included. */
export interface RowProgress {
  readonly rows: number;
  /** Rows that have an answer or will get none. */
  readonly settled: number;
  /** Rows with an answer in the swapped order too, of this session. */
  readonly swapAnswered: number;
}

/** How far the swap pass may go. */
export interface SwapPassPlan {
  /** Rows that may still be begun. */
  readonly allowed: number;
  /** Rows that have been begun. */
  readonly begun: number;
  /** Share of all rows whose swapped order fits in time with the confidence asked for; null while unknown. */
  readonly share: number | null;
  /** The swap pass could begin but has no ranking yet: pass one to observe. */
  readonly needsRanking: boolean;
}

/** Why a run ends. */
export interface Stop {
  readonly kind: "complete" | "time-up" | "overrun" | "engine-lost";
  readonly reason: string;
}
