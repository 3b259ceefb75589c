import type { Config } from "../config/config.ts";
import type { Budget } from "../deadline/budget.ts";
import { decide } from "../deadline/decide.ts";
import type { Decision } from "../deadline/decision.ts";
import { type DeadlineEvent, observe, type SentPrompt } from "../deadline/observe.ts";
import { type RunPlan, withinBudget } from "../deadline/run-plan.ts";
import { createState, withBudget } from "../deadline/state.ts";
import { takeNext } from "../deadline/take.ts";
import { type ForecastError, forecastErrors } from "../forecast/history.ts";
import type { Task } from "../judge/judge.ts";
import type { Aggregate } from "../judge/outcome.ts";
import type { PoolStatus } from "../pool/status.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { RequestEvent } from "../schedule/types.ts";
import type { Clock, Order, Reading } from "../types.ts";
import { rankRows } from "./rank-rows.ts";

/**
 * The next prompt to score. "wait": there is none now, but the outcome of a task in progress may change that. "end": no prompt
 * will follow.
 */
export type NextPrompt = PlannedPrompt | "wait" | "end";

interface PlannedPrompt {
  readonly row: number;
  readonly order: Order;
  /** Prompt tokens that the prompt may take; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** Decides which prompt is scored next, from the speed of the engines and the time that is left. */
export interface Planner {
  /** Number of rows of the whole run, including those of earlier sessions. */
  readonly total: number;
  readonly next: () => NextPrompt;
  /** Resolves when a task has ended, or when the last decision may be too old. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /**
   * Updates the planner after a request. The state of the run must already hold the outcomes of the request. `concurrency` is
   * the number of requests that all engines together were allowed in flight when this one was sent.
   */
  readonly onRequest: (event: RequestEvent<Task, Reading>, concurrency: number) => void;
  readonly onPoolStatus: (status: PoolStatus) => void;
  /** Returns the current decision; makes a new one when the last decision is too old. */
  readonly tick: () => Decision;
  /** Returns the errors of the forecasts; empty before the first pass has ended. */
  readonly forecastErrors: () => readonly ForecastError[];
}

export interface PlannerOptions {
  /** The plan sets the ladder, the swap pass, the confidence, the reaction to an overrun and the seed of the sample. */
  readonly plan: RunPlan;
  readonly config: Pick<Config, "calibration">;
  readonly state: RunState;
  readonly aggregate: Aggregate;
  /** Estimated prompt tokens of every row. */
  readonly tokens: readonly number[];
  /** The moments that limit the run, monotonic ms; null without a deadline. They may come nearer. */
  readonly budget: () => Budget | null;
  /** Start of this session, monotonic ms. */
  readonly startedAt: number;
  readonly clock: Clock;
  readonly onDecision: (decision: Decision) => void;
}

/** A decision is valid for this long (ms), or for this share of the time for work if that is shorter. */
const DECISION_MS = 2_000;
const DECISION_SHARE = 0.02;
/** A ranking of the rows for the swapped order is valid for this long (ms). */
const RANKING_MS = 60_000;

/** The status of the pool in the form that the planner's state needs. */
const ENGINE_STATES = {
  up: { up: true, lost: false },
  recovering: { up: false, lost: false },
  "given-up": { up: false, lost: true },
} as const satisfies Record<PoolStatus, { up: boolean; lost: boolean }>;

/** Creates the planner of a run. It holds the state; the pure functions of deadline/ make the decisions. */
export function createPlanner(options: PlannerOptions): Planner {
  const { plan, state: run, clock, onDecision } = options;
  const tokens = withinBudget(options.tokens, plan.tokenBudget);
  const budget = options.budget();
  let state = createState({
    tokens,
    answered: [...tokens.keys()].filter((row) => isAnswered(run, row, "ab")),
    budget,
    startedAt: options.startedAt,
    steps: plan.ladder,
    sample: plan.sample,
    confidence: plan.confidence,
    onOverrun: plan.onOverrun,
    swapPass: plan.swapPass,
    mostSwapRows: plan.prompts.ba - run.orders.ba.answered,
    seed: plan.seed,
  });
  const decisionMs =
    budget === null ? DECISION_MS : Math.min(DECISION_MS, DECISION_SHARE * (budget.workEndAt - budget.startedAt));
  let decision: Decision | null = null;
  let rankedAt = Number.NEGATIVE_INFINITY;
  let rankedRows = 0;
  let outstanding = 0;
  let wake = (): void => {};

  const apply = (event: DeadlineEvent): void => {
    state = observe(state, event);
  };
  const decideNow = (): Decision => {
    // Rows that were in flight at the last ranking need a new ranking, because they would otherwise never get the swapped
    // order.
    if (state.swap.ranked !== null && state.first.endedAt !== null && run.orders.ab.answered > rankedRows) rank();
    const decided = decide(withBudget(state, options.budget()), clock.monotonic());
    state = decided.state;
    decision = decided.decision;
    const isRankingOld = decision.phase === "swap-pass" && clock.monotonic() - rankedAt > RANKING_MS;
    if (decision.swapPass.needsRanking || isRankingOld) {
      rank();
      ({ state, decision } = decide(state, clock.monotonic()));
    }
    onDecision(decision);
    return decision;
  };
  const rank = (): void => {
    rankedAt = clock.monotonic();
    rankedRows = run.orders.ab.answered;
    apply({ type: "ranked", rows: rankRows(options) });
  };
  const tick = (): Decision => {
    const isOld = decision === null || clock.monotonic() - decision.at >= decisionMs;
    return isOld || decision === null ? decideNow() : decision;
  };
  const nextTask = (): PlannedPrompt | null => {
    const taken = takeNext(state, 1);
    state = taken.state;
    const [task] = taken.tasks;
    if (task === undefined) return null;
    outstanding += 1;
    return { row: task.row, order: task.order, tokenBudget: task.tokenBudget };
  };

  return {
    total: tokens.length,
    next: () => {
      tick();
      const task = nextTask();
      if (task !== null) return task;
      decideNow();
      return nextTask() ?? (outstanding > 0 && state.stop === null ? "wait" : "end");
    },
    changed: async (signal) => {
      const ended = new AbortController();
      wake = () => ended.abort(new Error("the wait has ended"));
      if (signal.aborted) return;
      // AbortSignal.any is not used, because in Node 20 each call with a long-lived signal leaks a kilobyte, and there
      // may be many waits in a second.
      signal.addEventListener("abort", wake, { once: true });
      // The timer is needed because a decision may change with time alone. It is cancelled when the wait ends.
      await clock.sleep(decisionMs, ended.signal).catch(() => {});
      signal.removeEventListener("abort", wake);
    },
    onRequest: ({ attempt, outcomes }, concurrency) => {
      if (attempt !== null) {
        const { startedAt, finishedAt, ok, tasks } = attempt;
        apply({ type: "request", startedAt, finishedAt, ok, prompts: tasks.map(promptOf), concurrency });
      }
      const gaveUp = outcomes.filter(({ outcome }) => !outcome.ok).map(({ task }) => promptOf(task));
      if (gaveUp.length > 0) apply({ type: "gave-up", at: clock.monotonic(), prompts: gaveUp });
      outstanding -= outcomes.length;
      if (attempt !== null) tick();
      if (outcomes.length > 0) wake();
    },
    onPoolStatus: (status) => {
      apply({ type: "engine", at: clock.monotonic(), ...ENGINE_STATES[status] });
    },
    tick,
    forecastErrors: () => forecastErrors(state.history, state.first.endedAt),
  };
}

function promptOf({ row, order, ids, tokenBudget }: Task): SentPrompt {
  return { row, order, tokens: ids.length, tokenBudget };
}
