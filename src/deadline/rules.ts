import type { Budget } from "./budget.ts";
import type { LadderRules, Step } from "./ladder.ts";

/** What a run is to do, as the clock needs it. Times are monotonic, ms. */
export interface DeadlineOptions {
  /** Prompt tokens of every row with its full context; estimates will do, what is really sent corrects them. */
  readonly tokens: readonly number[];
  /** Rows that an earlier session answered. */
  readonly answered: readonly number[];
  /** Null without a deadline. */
  readonly budget: Budget | null;
  /** When this session began, the start-up of the engine included. */
  readonly startedAt: number;
  /** The ladder, best step first; see checkSteps for what it must hold. */
  readonly steps: readonly Step[];
  /** Probability of finishing that a step must have. */
  readonly confidence: number;
  readonly onOverrun: "degrade" | "stop";
  /** Shares of the rows that the swap pass covers at least, for the step to count as feasible, and at most. */
  readonly swapPass: { readonly minShare: number; readonly maxShare: number };
  readonly seed: number;
}

const CLIMB_MARGIN = 0.03;
/** The hold is 1 % of the whole time, but not below a minute, or below 5 % of the whole where that is less. */
const HOLD_SHARE = 0.01;
const LEAST_HOLD_MS = 60_000;
const LEAST_HOLD_SHARE = 0.05;

/** The share of rows whose swapped order must fit before the ladder counts on it, when rows are chosen by worth. */
const USUAL_LEAST_SHARE = 0.02;

/** Gives the shares of rows of the swap pass for the wanted orders. */
export function usualShares(orders: "one" | "both" | "auto"): DeadlineOptions["swapPass"] {
  switch (orders) {
    case "one":
      return { minShare: 0, maxShare: 0 };
    case "both":
      return { minShare: 1, maxShare: 1 };
    case "auto":
      return { minShare: USUAL_LEAST_SHARE, maxShare: 1 };
    default:
      return orders satisfies never;
  }
}

/** Derives the rules of the ladder. */
export function ladderRules({ confidence, budget }: DeadlineOptions): LadderRules {
  const whole = budget === null ? 0 : budget.deadlineAt - budget.startedAt;
  const holdMs = Math.max(HOLD_SHARE * whole, Math.min(LEAST_HOLD_MS, LEAST_HOLD_SHARE * whole));
  return { confidence, holdMs, climbMargin: CLIMB_MARGIN };
}
