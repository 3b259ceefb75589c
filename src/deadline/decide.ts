import { forecastOf } from "../forecast/forecast.ts";
import { addForecast } from "../forecast/history.ts";
import { addWork, type Work } from "../forecast/work.ts";
import type { Decision } from "./decision.ts";
import { chooseStep, climbingRules, type LadderPosition, type StepForecast } from "./ladder.ts";
import { type DeadlineState, settledRows } from "./state.ts";
import { forecastContext, forecastSteps, workLeftOn } from "./step-forecasts.ts";
import { stopOf } from "./stop.ts";
import { begunRows, workUpTo } from "./swap-pass.ts";
import { planSwapPass, rowsWithoutTime } from "./swap-plan.ts";

/**
 * Decides which step of the ladder to take, how many rows of the swap pass to allow, and whether to stop. A pure function of
 * the state and the time `now` (monotonic, ms); the returned state includes the decision and replaces the given state. Callers
 * decide every few seconds, and also when takeNext returns nothing although no request is in flight.
 */
export function decide(state: DeadlineState, now: number): { state: DeadlineState; decision: Decision } {
  const context = forecastContext(state, now);
  const steps = forecastSteps(state, context);
  const { position, reason } = choose(state, steps, now);
  const plan = planSwapPass(state, context);
  const next = { ...state, position, swap: { ...state.swap, allowed: state.swap.taken + plan.allowed } };
  const forecast = forecastOf(context, workAhead(next));
  const stop = stopOf(next, { now, plan, steps, forecast });
  const step = next.steps[position.index];
  if (step === undefined) throw new Error("the ladder has no such step");

  const decision: Decision = {
    at: now,
    phase: phaseOf(next),
    step,
    changed: position.index !== state.position.index,
    reason: stop?.reason ?? reason,
    steps,
    forecast,
    progress: {
      rows: state.options.tokens.length,
      settled: state.options.answered.length + settledRows(state.first),
      swapAnswered: state.swap.answered,
    },
    swapPass: plan,
    priorRows: step.kind === "prior" ? rowsWithoutTime(next, context) : 0,
    silentMs: silentMs(next, now),
    leftMs: context.untilAt === null ? null : Math.max(0, context.untilAt - now),
    stop,
  };
  return { state: remember({ ...next, stop }, decision), decision };
}

/**
 * During the pilot, the run leaves a step only if its probability of finishing is below 0.5, estimated from at least this many
 * windows.
 */
const LEAST_WINDOWS = 8;
/** When the pilot takes more than this share of the time for work, the run chooses a step before the pilot has ended. */
const PILOT_SHARE = 0.1;

function choose(
  state: DeadlineState,
  steps: readonly StepForecast[],
  now: number,
): { position: LadderPosition; reason: string } {
  const { position, first, pilotRows, speed, engine } = state;
  if (first.endedAt !== null) return { position, reason: "every row of the first pass is settled" };
  if (engine.firstUpAt === null) return { position, reason: "the engine is starting" };
  if (steps.length === 0) return { position, reason: "measuring speed: the engine is warming up" };
  const isPilot = settledRows(first) < Math.min(pilotRows, first.rows);
  const isHopeless = speed.learned >= LEAST_WINDOWS && (steps[position.index]?.probability ?? 1) < 0.5;
  if (isPilot && !isHopeless && !isPilotOverdue(state, engine.firstUpAt, now)) {
    return { position, reason: `measuring speed: ${settledRows(first)} of ${pilotRows} pilot rows` };
  }
  return chooseStep(steps, position, now, climbingRules(state.options));
}

function isPilotOverdue({ options: { budget } }: DeadlineState, since: number, now: number): boolean {
  return budget !== null && now - since > PILOT_SHARE * (budget.workEndAt - budget.startedAt);
}

function phaseOf({ engine, first, pilotRows, queue, swap }: DeadlineState): Decision["phase"] {
  if (engine.firstUpAt === null) return "starting";
  if (first.endedAt !== null || (queue.left === 0 && swap.allowed > 0)) return "swap-pass";
  return settledRows(first) < pilotRows ? "pilot" : "first-pass";
}

/** Time since the last answer while prompts wait for one, ms; 0 while nothing is in flight. */
function silentMs({ engine, first, queue, swap }: DeadlineState, now: number): number {
  const begun = first.rows - queue.left + begunRows(swap);
  const isWaiting = engine.up && begun > settledRows(first) + swap.answered + swap.gaveUp;
  return isWaiting ? Math.max(0, now - engine.aliveAt) : 0;
}

function workAhead(state: DeadlineState): Work {
  const first = workLeftOn(state, state.position.index);
  return state.queue.left > 0 ? first : addWork(first, workUpTo(state.swap, state.swap.allowed));
}

function remember(state: DeadlineState, { forecast, step, phase }: Decision): DeadlineState {
  if (forecast === null || forecast.rows === 0 || phase === "swap-pass") return state;
  return { ...state, history: addForecast(state.history, forecast, settledRows(state.first), step.name) };
}
