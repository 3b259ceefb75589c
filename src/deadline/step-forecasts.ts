import { type ForecastContext, probabilityOf } from "../forecast/forecast.ts";
import { upToDate } from "../forecast/speed.ts";
import { addWork, NO_WORK, scaleWork, type Work } from "../forecast/work.ts";
import type { StepCost, StepForecast } from "./ladder.ts";
import { climbingRules } from "./ladder.ts";
import type { DeadlineState, EngineState } from "./state.ts";
import { begunRows } from "./swap-pass.ts";

/** Collects from the state the facts that a forecast at `now` (monotonic, ms) needs. */
export function forecastContext({ speed, engine, options }: DeadlineState, now: number): ForecastContext {
  return {
    speed: upToDate(speed),
    now,
    scoringSince: engine.firstUpAt ?? now,
    untilAt: options.budget?.workEndAt ?? null,
    engineMs: untilUp(engine, now),
  };
}

/**
 * Computes the work that is left on a step, corrected by the ratio of the tokens sent so far to the tokens planned for them.
 */
export function workLeftOn({ first, sent }: DeadlineState, index: number): Work {
  const { rows, tokens, squares } = first.left[index] ?? NO_WORK;
  const ratio = sent.planned > 0 ? sent.tokens / sent.planned : 1;
  return { rows, tokens: tokens * ratio, squares: squares * ratio ** 2 };
}

/** Computes the prompts and tokens that each step still has to send, the best step first. */
export function stepCosts(state: DeadlineState): readonly StepCost[] {
  return state.steps.map((step, i) => {
    const { rows, tokens } = workOn(state, i);
    return { step, prompts: Math.round(rows), tokens: Math.round(tokens) };
  });
}

/** Computes the cost and the probability of finishing of each step, the best step first; empty while the speed is unknown. */
export function forecastSteps(state: DeadlineState, context: ForecastContext): readonly StepForecast[] {
  const { climbMargin } = climbingRules(state.options);
  const spare = context.untilAt === null ? 0 : climbMargin * Math.max(0, context.untilAt - context.now);
  const forecasts: StepForecast[] = [];
  for (const [i, cost] of stepCosts(state).entries()) {
    const work = workOn(state, i);
    const isFallback = cost.step.kind === "prior";
    const probability = isFallback ? 1 : probabilityOf(context, work);
    const probabilityWithMargin = isFallback ? 1 : probabilityOf(context, work, spare);
    if (probability === null || probabilityWithMargin === null) return [];
    // Less work is never less likely to be finished, but a mixture of normal distributions can break that rule in its far
    // tails.
    const above = forecasts.at(-1);
    forecasts.push({
      ...cost,
      probability: Math.max(probability, above?.probability ?? 0),
      probabilityWithMargin: Math.max(probabilityWithMargin, above?.probabilityWithMargin ?? 0),
    });
  }
  return context.speed.mixture === null ? [] : forecasts;
}

/** Computes the least work that a step needs. */
function workOn(state: DeadlineState, index: number): Work {
  const kind = state.steps[index]?.kind;
  switch (kind) {
    case "both-orders":
      return addWork(workLeftOn(state, index), leastSwapWork(state));
    case "one-order":
    case "one-order-short":
      return workLeftOn(state, index);
    case "prior":
    case undefined:
      return NO_WORK;
    default:
      return kind satisfies never;
  }
}

/**
 * Computes the work that the swap pass still needs to cover `minShare` of the rows, which makes the step with both orders
 * feasible.
 */
function leastSwapWork({ whole, options, swap }: DeadlineState): Work {
  const begun = whole.rows === 0 ? 0 : begunRows(swap) / whole.rows;
  return scaleWork(whole, Math.max(0, options.swapPass.minShare - begun));
}

/** Estimates the time (ms) until an engine that is down is up again: its last start took as long in all. */
function untilUp({ up, since, startMs }: EngineState, now: number): number {
  return up ? 0 : Math.max(0, (startMs ?? 0) - (now - since));
}
