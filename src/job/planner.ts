import type { Config } from "../config/config.ts";
import type { Budget } from "../deadline/budget.ts";
import { decide } from "../deadline/decide.ts";
import type { Decision } from "../deadline/decision.ts";
import type { Step } from "../deadline/ladder.ts";
import { type ClockEvent, observe, type Prompt } from "../deadline/observe.ts";
import { usualShares } from "../deadline/rules.ts";
import { createState, withBudget } from "../deadline/state.ts";
import { takeNext } from "../deadline/take.ts";
import type { Task } from "../judge/judge.ts";
import type { Aggregate } from "../judge/outcome.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { Attempt } from "../schedule/types.ts";
import type { Clock } from "../types.ts";
import { type ForecastError, forecastErrors } from "./forecast-errors.ts";
import type { NextPrompt, PromptSource } from "./prompt-source.ts";
import { rankRows } from "./rank-rows.ts";

/** A planner that keeps time: it follows the speed of the engine and decides what the rows that are left will get. */
export interface Planner extends PromptSource {
  /** Hears of every request. */
  readonly attempted: (attempt: Attempt<Task>) => void;
  /** Hears that the engines are there, or that all of them are gone. */
  readonly engine: (up: boolean, lost: boolean) => void;
  /** Decides anew when the last decision is old; gives the one in force. */
  readonly tick: () => Decision;
  /** How good the forecasts were; empty before the first pass has ended. */
  readonly forecastErrors: () => readonly ForecastError[];
}

export interface PlannerOptions {
  readonly config: Config;
  readonly state: RunState;
  /** The ladder, best step first. */
  readonly steps: readonly Step[];
  readonly judge: Aggregate;
  /** Estimated prompt tokens of every row. */
  readonly tokens: readonly number[];
  /** The moments that bound the run, monotonic ms; they may come nearer. */
  readonly budget: () => Budget | null;
  /** When this session began, monotonic ms. */
  readonly startedAt: number;
  readonly clock: Clock;
  readonly onDecision: (decision: Decision) => void;
}

/** A decision is good for so long (ms), or for this share of a short time, and a ranking of the second pass too. */
const DECISION_MS = 2_000;
const DECISION_SHARE = 0.02;
const RANKING_MS = 60_000;

/** Creates the planner of a run. Everything that it decides is decided by src/clock; here the state is kept and fed. */
export function createPlanner(options: PlannerOptions): Planner {
  const { config, state: run, clock, onDecision } = options;
  const budget = options.budget();
  const orders = options.steps.some(({ kind }) => kind === "both-orders") ? config.orders : "one";
  let state = createState({
    tokens: options.tokens,
    answered: [...options.tokens.keys()].filter((row) => isAnswered(run, row, "ab")),
    budget,
    startedAt: options.startedAt,
    steps: options.steps,
    confidence: config.time.confidence,
    // Without a deadline there is no overrun, and no step may be missing for it.
    onOverrun: budget === null ? "degrade" : config.time.onOverrun,
    secondPass: usualShares(orders),
    seed: config.seed,
  });
  const decisionMs =
    budget === null ? DECISION_MS : Math.min(DECISION_MS, DECISION_SHARE * (budget.workEndAt - budget.startedAt));
  let decision: Decision | null = null;
  let rankedAt = Number.NEGATIVE_INFINITY;
  let rankedRows = 0;
  let outstanding = 0;
  let untold: { readonly event: ClockEvent; left: number } | null = null;
  let wake = (): void => {};

  const hear = (event: ClockEvent): void => {
    state = observe(state, event);
  };
  const decideNow = (): Decision => {
    // Rows that were in flight when the others were ranked would otherwise never get the swapped order.
    if (state.second.ranked !== null && state.first.endedAt !== null && run.orders.ab.answered > rankedRows)
      hearRanking();
    const decided = decide(withBudget(state, options.budget()), clock.monotonic());
    state = decided.state;
    decision = decided.decision;
    if (decision.secondPass.needsRanking || clock.monotonic() - rankedAt > RANKING_MS) rank(decision);
    onDecision(decision);
    return decision;
  };
  const rank = ({ phase, secondPass }: Decision): void => {
    if (!secondPass.needsRanking && phase !== "swap-pass") return;
    hearRanking();
    ({ state, decision } = decide(state, clock.monotonic()));
  };
  const hearRanking = (): void => {
    rankedAt = clock.monotonic();
    rankedRows = run.orders.ab.answered;
    hear({ type: "ranked", rows: rankRows(options) });
  };
  const tick = (): Decision => {
    const isOld = decision === null || clock.monotonic() - decision.at >= decisionMs;
    return isOld || decision === null ? decideNow() : decision;
  };
  const take = (): NextPrompt | null => {
    const taken = takeNext(state, 1);
    state = taken.state;
    const [task] = taken.tasks;
    if (task === undefined) return null;
    outstanding += 1;
    return { row: task.row, order: task.order, tokenBudget: task.tokenBudget };
  };

  return {
    total: options.tokens.length,
    next: () => {
      tick();
      const task = take();
      if (task !== null) return task;
      decideNow();
      return take() ?? (outstanding > 0 && !state.stopped ? "wait" : "end");
    },
    changed: async (signal) => {
      const woken = new AbortController();
      wake = () => woken.abort(new Error("something has changed"));
      // Time alone may change what is decided. No timer is left behind: there may be many of them in a second.
      await clock.sleep(decisionMs, AbortSignal.any([signal, woken.signal])).catch(() => {});
    },
    told: (task, answered) => {
      outstanding -= 1;
      if (!answered) hear({ type: "gave-up", at: clock.monotonic(), prompts: [promptOf(task)] });
      else if (untold !== null) {
        untold.left -= 1;
        if (untold.left === 0) hear(untold.event);
      }
      wake();
    },
    attempted: ({ startedAt, finishedAt, ok, tasks, concurrency }) => {
      const event: ClockEvent = {
        type: "request",
        startedAt,
        finishedAt,
        ok,
        prompts: tasks.map(promptOf),
        concurrency,
      };
      // Its answers are told right after it: before them, what the clock counts as settled would not be known to the run.
      if (ok) untold = { event, left: tasks.length };
      else hear(event);
      tick();
    },
    engine: (up, lost) => hear({ type: "engine", at: clock.monotonic(), up, lost }),
    tick,
    forecastErrors: () => forecastErrors(state.history, state.first.endedAt),
  };

  function promptOf(task: Task): Prompt {
    return {
      row: task.row,
      pass: task.order === "ab" ? 1 : 2,
      tokens: task.ids.length,
      tokenBudget: task.tokenBudget,
    };
  }
}
