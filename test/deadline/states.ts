import { planBudget } from "../../src/deadline/budget.ts";
import { decide } from "../../src/deadline/decide.ts";
import type { Decision } from "../../src/deadline/decision.ts";
import { type OrderedStep, withRowOrder } from "../../src/deadline/ladder.ts";
import { observe } from "../../src/deadline/observe.ts";
import { sampleSizes } from "../../src/deadline/sample.ts";
import type { DeadlineOptions } from "../../src/deadline/state.ts";
import { createState, type DeadlineState } from "../../src/deadline/state.ts";
import { usualSteps } from "../../src/deadline/steps.ts";
import { type PromptToScore, takeNext } from "../../src/deadline/take.ts";

/** A job of rows of 100 tokens, in one order with a short step at 40, without a deadline unless asked for. */
export function newState(
  rows: number,
  options: Partial<DeadlineOptions> & { readonly deadlineMs?: number } = {},
): DeadlineState {
  const { deadlineMs, ...rest } = options;
  return createState({
    tokens: Array.from({ length: rows }, () => 100),
    answered: [],
    budget: deadlineMs === undefined ? null : planBudget(0, deadlineMs, 1_000),
    startedAt: 0,
    steps: stepsOf("one", [{ name: "short", tokenBudget: 40 }]),
    sample: sampleSizes(rows),
    confidence: 0.99,
    onOverrun: "degrade",
    swapPass: { minShare: 0, maxShare: 0 },
    mostSwapRows: Math.floor((rest.swapPass?.maxShare ?? 0) * rows),
    seed: 1,
    ...rest,
  });
}

/** The usual steps with their order of the rows. */
export function stepsOf(...usual: Parameters<typeof usualSteps>): readonly OrderedStep[] {
  return usualSteps(...usual).map(withRowOrder);
}

/** An engine that answers one prompt after the other. */
export interface Driver {
  readonly state: () => DeadlineState;
  /** Scores up to so many prompts, at so many ms each, and gives what was taken. */
  readonly score: (count: number, rowMs: number) => readonly PromptToScore[];
  readonly decide: () => Decision;
  readonly now: () => number;
  readonly wait: (ms: number) => void;
  readonly update: (change: (state: DeadlineState) => DeadlineState) => void;
}

/** Drives a state from the start of its engine, which takes 10 s. */
export function drive(start: DeadlineState): Driver {
  let now = 10_000;
  let state = observe(start, { type: "engine", at: now, up: true });
  return {
    state: () => state,
    score: (count, rowMs) => {
      const all: PromptToScore[] = [];
      for (let i = 0; i < count; i++) {
        const { state: next, tasks } = takeNext(state, 1);
        state = next;
        all.push(...tasks);
        if (tasks.length === 0) break;
        const startedAt = now;
        now += rowMs;
        const prompts = tasks.map((task) => ({ ...task, tokens: Math.min(100, task.tokenBudget ?? 100) }));
        state = observe(state, { type: "request", startedAt, finishedAt: now, ok: true, prompts, concurrency: 1 });
      }
      return all;
    },
    decide: () => {
      const { state: next, decision } = decide(state, now);
      state = next;
      return decision;
    },
    now: () => now,
    wait: (ms) => {
      now += ms;
    },
    update: (change) => {
      state = change(state);
    },
  };
}
