import type { Forecast } from "../forecast/forecast.ts";
import { formatDuration, plural } from "../format.ts";
import type { Stop, SwapPassPlan } from "./decision.ts";
import type { StepForecast } from "./ladder.ts";
import { type DeadlineState, settledRows } from "./state.ts";
import { rowsInFlight } from "./swap-pass.ts";

/** The facts that the decision to stop needs besides the state. */
export interface StopInput {
  readonly now: number;
  readonly plan: SwapPassPlan;
  readonly steps: readonly StepForecast[];
  readonly forecast: Forecast | null;
}

/**
 * Gives the reason to stop sending prompts; null to go on. The first reason stays, unless the requests that were in flight then
 * leave nothing to do.
 */
export function stopOf(state: DeadlineState, input: StopInput): Stop | null {
  return complete(state, input) ?? state.stop ?? timeUp(state, input) ?? engineLost(state) ?? overrun(state, input);
}

function timeUp({ options: { budget }, first }: DeadlineState, { now }: StopInput): Stop | null {
  if (budget === null || now < budget.workEndAt) return null;
  const open = first.rows - settledRows(first);
  const rest =
    open === 0
      ? "every row has an answer or a reason"
      : `${plural(open, "row")} ${open === 1 ? "keeps" : "keep"} the prior`;
  return { kind: "time-up", reason: `the time for work is over: ${rest}` };
}

function engineLost({ engine }: DeadlineState): Stop | null {
  return engine.lost ? { kind: "engine-lost", reason: "no engine is left and none will come back" } : null;
}

/** Stops a run that may not degrade when the probability that its lowest step finishes in time is at most 1 - confidence. */
function overrun(state: DeadlineState, { steps, forecast, now }: StopInput): Stop | null {
  const { options, first, pilotRows, steps: allowed } = state;
  if (options.onOverrun !== "stop" || first.endedAt !== null || settledRows(first) < pilotRows) return null;
  const lowest = steps[allowed.length - 1];
  if (lowest === undefined || forecast === null || lowest.probability > 1 - options.confidence) return null;
  const left = formatDuration((options.budget?.workEndAt ?? now) - now);
  const needed = formatDuration(forecast.remainingMs);
  return {
    kind: "overrun",
    reason: `${lowest.step.name} would take ${needed} and ${left} are left: it finishes with probability under ${roundedUp(lowest.probability)}`,
  };
}

function complete({ first, swap, mayGrow }: DeadlineState, { plan }: StopInput): Stop | null {
  if (first.endedAt === null || mayGrow || rowsInFlight(swap) > 0 || plan.allowed > 0 || plan.needsRanking) return null;
  const left = swap.ranked === null ? 0 : swap.ranked.length - swap.taken;
  const rest = left > 0 ? `; no more of the ${plural(left, "row")} left for the swapped order fit in time` : "";
  return { kind: "complete", reason: `every row is settled${rest}` };
}

function roundedUp(probability: number): number {
  return Math.max(0.001, Math.ceil(probability * 1_000) / 1_000);
}
