import { type Forecast, forecastOf } from "../forecast/forecast.ts";
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
 * state and time (monotonic, ms); the returned state includes the decision and replaces the given one. Callers decide
 * every few seconds, and when takeNext returns nothing although nothing is in flight.
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
    silence: silenceOf(next, forecast, now),
    leftMs: context.untilAt === null ? null : Math.max(0, context.untilAt - now),
    stop,
  };
  return { state: remember({ ...next, stopped: state.stopped || stop !== null }, decision), decision };
}

/** Before the pilot is over, the run leaves a step only if it would more likely fail than not, judged from at least this many windows. */
const LEAST_WINDOWS = 8;
/** A pilot that takes more than this share of the time is cut short. */
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

/** An engine counts as hung after this time (ms) without an answer, or after this many times the expected time of a request if that is longer. */
const LEAST_PATIENCE_MS = 120_000;
const PATIENCE = 5;
/** The same while the speed is unknown. */
const FIRST_PATIENCE_MS = 900_000;

/** A request waits for all requests sent before it: in a full engine it takes as long as its concurrency in rows. */
function silenceOf(state: DeadlineState, forecast: Forecast | null, now: number): Decision["silence"] {
  const { engine, speed, first, queue, swap } = state;
  const begun = first.rows - queue.left + begunRows(swap);
  const isWaiting = engine.up && begun > settledRows(first) + swap.answered + swap.gaveUp;
  const latency = (forecast?.msPerRow ?? 0) * speed.windows.concurrency;
  const usual = Math.max(LEAST_PATIENCE_MS, PATIENCE * latency);
  return {
    ms: isWaiting ? Math.max(0, now - engine.aliveAt) : 0,
    patienceMs: speed.mixture === null ? FIRST_PATIENCE_MS : usual,
  };
}

function workAhead(state: DeadlineState): Work {
  const first = workLeftOn(state, state.position.index);
  return state.queue.left > 0 ? first : addWork(first, workUpTo(state.swap, state.swap.allowed));
}

function remember(state: DeadlineState, { forecast, step, phase }: Decision): DeadlineState {
  if (forecast === null || forecast.rows === 0 || phase === "swap-pass") return state;
  return { ...state, history: addForecast(state.history, forecast, settledRows(state.first), step.name) };
}
