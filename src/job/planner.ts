import type { Budget } from "../deadline/budget.ts";
import { decide } from "../deadline/decide.ts";
import type { Decision } from "../deadline/decision.ts";
import { type DeadlineEvent, observe, type SentPrompt } from "../deadline/observe.ts";
import { type RunPlan, withinBudget } from "../deadline/run-plan.ts";
import { createState, withBudget } from "../deadline/state.ts";
import { takeNext } from "../deadline/take.ts";
import { type ForecastError, forecastErrors } from "../forecast/history.ts";
import { paceOf } from "../forecast/pace.ts";
import { upToDate } from "../forecast/speed.ts";
import type { Task } from "../judge/judge.ts";
import type { PoolStatus } from "../pool/status.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { RequestEvent } from "../schedule/types.ts";
import type { Clock, Order, Reading } from "../types.ts";
import type { Chooser } from "./chooser.ts";

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
  /** Returns the expected time of a prompt as measured in this session; null while it is unknown. */
  readonly pace: () => ReturnType<typeof paceOf>;
  /** Returns the errors of the forecasts; empty before the first pass has ended. */
  readonly forecastErrors: () => readonly ForecastError[];
}

export interface PlannerOptions {
  /** The plan sets the ladder, the swap pass, the confidence, the reaction to an overrun and the seed of the sample. */
  readonly plan: RunPlan;
  readonly state: RunState;
  /** Chooses the prompts that follow the first pass. */
  readonly chooser: Chooser;
  /** False for the second of two judges, all of whose prompts are chosen. Default true. */
  readonly hasFirstPass?: boolean;
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

/** The status of the pool in the form that the planner's state needs. */
const ENGINE_STATES = {
  up: { up: true, lost: false },
  recovering: { up: false, lost: false },
  "given-up": { up: false, lost: true },
} as const satisfies Record<PoolStatus, { up: boolean; lost: boolean }>;

/** Creates the planner of a run. It holds the state; the pure functions of deadline/ make the decisions. */
export function createPlanner(options: PlannerOptions): Planner {
  const { plan, state: run, chooser, hasFirstPass = true, clock, onDecision } = options;
  const tokens = withinBudget(options.tokens, plan.tokenBudget);
  const budget = options.budget();
  let state = createState({
    tokens,
    answered: [...tokens.keys()].filter((row) => !hasFirstPass || isAnswered(run, row, "ab")),
    budget,
    startedAt: options.startedAt,
    steps: plan.ladder,
    sample: plan.sample,
    confidence: plan.confidence,
    onOverrun: plan.onOverrun,
    swapPass: plan.swapPass,
    mostSwapRows: hasFirstPass ? plan.prompts.ba - run.orders.ba.answered : 2 * tokens.length,
    seed: plan.seed,
  });
  const decisionMs =
    budget === null ? DECISION_MS : Math.min(DECISION_MS, DECISION_SHARE * (budget.workEndAt - budget.startedAt));
  let decision: Decision | null = null;
  let rankedAt = Number.NEGATIVE_INFINITY;
  let outstanding = 0;
  let wake = (): void => {};

  const apply = (event: DeadlineEvent): void => {
    state = observe(state, event);
  };
  const decideNow = (): Decision => {
    const { ranked, taken } = state.swap;
    const last = { ageMs: clock.monotonic() - rankedAt, isUsedUp: taken >= (ranked?.length ?? 0) };
    if (ranked !== null && state.first.endedAt !== null && chooser.isStale(last)) rank();
    state = { ...withBudget(state, options.budget()), mayGrow: chooser.mayGrow() };
    const decided = decide(state, clock.monotonic());
    state = decided.state;
    decision = decided.decision;
    if (decision.swapPass.needsRanking) {
      rank();
      ({ state, decision } = decide(state, clock.monotonic()));
    }
    onDecision(decision);
    return decision;
  };
  const rank = (): void => {
    rankedAt = clock.monotonic();
    apply({ type: "ranked", rows: chooser.rank() });
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
    chooser.onTaken?.(task.row);
    return { row: task.row, order: task.order, tokenBudget: task.tokenBudget };
  };

  return {
    total: tokens.length,
    next: () => {
      tick();
      const task = nextTask();
      if (task !== null) return task;
      decideNow();
      return nextTask() ?? ((outstanding > 0 || state.mayGrow) && state.stop === null ? "wait" : "end");
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
      for (const { task } of outcomes) chooser.onEnded?.(task.row, task.order);
      if (attempt !== null) tick();
      if (outcomes.length > 0) wake();
    },
    onPoolStatus: (status) => {
      apply({ type: "engine", at: clock.monotonic(), ...ENGINE_STATES[status] });
    },
    tick,
    pace: () => paceOf(upToDate(state.speed)),
    forecastErrors: () => forecastErrors(state.history, state.first.endedAt),
  };
}

function promptOf({ row, order, ids, tokenBudget }: Task): SentPrompt {
  return { row, order, tokens: ids.length, tokenBudget };
}
