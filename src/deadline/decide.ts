import { type Forecast, forecastOf } from "../forecast/forecast.ts";
import { addForecast } from "../forecast/history.ts";
import { addWork } from "../forecast/work.ts";
import type { Decision } from "./decision.ts";
import { chooseStep, isScarce, type Stand, type StepOutlook } from "./ladder.ts";
import { leftOn, outlookOf, stepOutlooks } from "./outlook.ts";
import { ladderRules } from "./rules.ts";
import { type ClockState, settledRows } from "./state.ts";
import { stopOf } from "./stop.ts";
import { planSecondPass, rowsWithoutTime } from "./swap-plan.ts";
import { begunRows, workUpTo } from "./swap-rows.ts";

/**
 * Decides which step of the ladder is taken, how much of a second pass, and whether to stop. A pure function of state and
 * time (monotonic, ms); the state that comes with the decision holds it and replaces the former one. To be asked every few
 * seconds, and when takeNext gives nothing although nothing is in flight.
 */
export function decide(state: ClockState, now: number): { state: ClockState; decision: Decision } {
  const outlook = outlookOf(state, now);
  const steps = stepOutlooks(state, outlook);
  const { stand, reason } = choose(state, steps, now);
  const plan = planSecondPass(state, outlook);
  const next = { ...state, stand, second: { ...state.second, allowed: state.second.taken + plan.allowed } };
  const forecast = forecastOf(outlook, workAhead(next));
  const stop = stopOf(next, { now, plan, steps, forecast });
  const step = next.steps[stand.index];
  if (step === undefined) throw new Error("the ladder has no such step");

  const decision: Decision = {
    at: now,
    phase: phaseOf(next),
    step,
    changed: stand.index !== state.stand.index,
    order: isScarce(step) ? "shortest-first" : "longest-first",
    reason: stop?.reason ?? reason,
    steps,
    forecast,
    progress: {
      rows: state.options.tokens.length,
      settled: state.options.answered.length + settledRows(state.first),
      secondAnswered: state.second.answered,
    },
    secondPass: plan,
    priorRows: step.kind === "prior" ? rowsWithoutTime(next, outlook) : 0,
    silence: silenceOf(next, forecast, now),
    leftMs: outlook.untilAt === null ? null : Math.max(0, outlook.untilAt - now),
    stop,
  };
  return { state: remember({ ...next, stopped: state.stopped || stop !== null }, decision), decision };
}

/** Before the pilot is over a step is left only if it would more likely fail than not, judged from so many windows. */
const LEAST_WINDOWS = 8;
/** A pilot that takes more than this share of the time is not waited for. */
const PILOT_SHARE = 0.1;

function choose(state: ClockState, steps: readonly StepOutlook[], now: number): { stand: Stand; reason: string } {
  const { stand, first, pilotRows, speed, engine } = state;
  if (first.endedAt !== null) return { stand, reason: "every row of the first pass is settled" };
  if (engine.firstUpAt === null) return { stand, reason: "the engine is starting" };
  if (steps.length === 0) return { stand, reason: "measuring speed: the engine is warming up" };
  const isPilot = settledRows(first) < Math.min(pilotRows, first.rows);
  const isHopeless = speed.learned >= LEAST_WINDOWS && (steps[stand.index]?.probability ?? 1) < 0.5;
  if (isPilot && !isHopeless && !isPilotOverdue(state, engine.firstUpAt, now)) {
    return { stand, reason: `measuring speed: ${settledRows(first)} of ${pilotRows} pilot rows` };
  }
  return chooseStep(steps, stand, now, ladderRules(state.options));
}

function isPilotOverdue({ options: { budget } }: ClockState, since: number, now: number): boolean {
  return budget !== null && now - since > PILOT_SHARE * (budget.workEndAt - budget.startedAt);
}

function phaseOf({ engine, first, pilotRows, queue, second }: ClockState): Decision["phase"] {
  if (engine.firstUpAt === null) return "starting";
  if (first.endedAt !== null || (queue.left === 0 && second.allowed > 0)) return "swap-pass";
  return settledRows(first) < pilotRows ? "pilot" : "first-pass";
}

/** An engine counts as hung after this time (ms) without an answer, or so many times what a request should take, if longer. */
const LEAST_PATIENCE_MS = 120_000;
const PATIENCE = 5;
/** The same while no speed is known. */
const FIRST_PATIENCE_MS = 900_000;

/** A request waits for all that were sent before it: in a full engine it takes as long as its concurrency in rows. */
function silenceOf(state: ClockState, forecast: Forecast | null, now: number): Decision["silence"] {
  const { engine, speed, first, queue, second } = state;
  const begun = first.rows - queue.left + begunRows(second);
  const isWaiting = engine.up && begun > settledRows(first) + second.answered + second.gaveUp;
  const latency = (forecast?.msPerRow ?? 0) * speed.windows.concurrency;
  const usual = Math.max(LEAST_PATIENCE_MS, PATIENCE * latency);
  return {
    ms: isWaiting ? Math.max(0, now - engine.aliveAt) : 0,
    patienceMs: speed.mixture === null ? FIRST_PATIENCE_MS : usual,
  };
}

function workAhead(state: ClockState): ReturnType<typeof leftOn> {
  const first = leftOn(state, state.stand.index);
  return state.queue.left > 0 ? first : addWork(first, workUpTo(state.second, state.second.allowed));
}

function remember(state: ClockState, { forecast, step, phase }: Decision): ClockState {
  if (forecast === null || forecast.rows === 0) return state;
  const pass = phase === "swap-pass" ? 2 : 1;
  const place = { settled: settledRows(state.first), step: step.name, pass } as const;
  return { ...state, history: addForecast(state.history, forecast, place) };
}
