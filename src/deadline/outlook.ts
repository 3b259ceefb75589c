import { type Outlook, probabilityOf } from "../forecast/forecast.ts";
import { upToDate } from "../forecast/speed.ts";
import { addWork, NO_WORK, scaleWork, type Work } from "../forecast/work.ts";
import type { StepCost, StepOutlook } from "./ladder.ts";
import { ladderRules } from "./rules.ts";
import type { ClockState, EngineState } from "./state.ts";
import { begunRows } from "./swap-rows.ts";

/** Looks ahead from `now` with all that the state knows. */
export function outlookOf({ speed, engine, options }: ClockState, now: number): Outlook {
  return {
    speed: upToDate(speed),
    now,
    scoringSince: engine.firstUpAt ?? now,
    untilAt: options.budget?.workEndAt ?? null,
    engineMs: untilUp(engine, now),
  };
}

/** Gives the work that is left on a step, corrected by how the tokens sent so far differ from those planned. */
export function leftOn({ first, sent }: ClockState, index: number): Work {
  const { rows, tokens, squares } = first.left[index] ?? NO_WORK;
  const ratio = sent.planned > 0 ? sent.tokens / sent.planned : 1;
  return { rows, tokens: tokens * ratio, squares: squares * ratio ** 2 };
}

/** Gives what is still to be sent on every step, the best first. */
export function stepCosts(state: ClockState): readonly StepCost[] {
  return state.steps.map((step, i) => {
    const { rows, tokens } = workOn(state, i);
    return { step, prompts: Math.round(rows), tokens: Math.round(tokens) };
  });
}

/** Gives the cost and the probability of finishing of every step, the best first; empty while no speed is known. */
export function stepOutlooks(state: ClockState, outlook: Outlook): readonly StepOutlook[] {
  const { climbMargin } = ladderRules(state.options);
  const spare = outlook.untilAt === null ? 0 : climbMargin * Math.max(0, outlook.untilAt - outlook.now);
  const outlooks: StepOutlook[] = [];
  for (const [i, cost] of stepCosts(state).entries()) {
    const work = workOn(state, i);
    const isPrior = cost.step.kind === "prior";
    const probability = isPrior ? 1 : probabilityOf(outlook, work);
    const probabilityWithMargin = isPrior ? 1 : probabilityOf(outlook, work, spare);
    if (probability === null || probabilityWithMargin === null) return [];
    // Less work is never less likely to be done, which normal distributions do not know in their far tails.
    const above = outlooks.at(-1);
    outlooks.push({
      ...cost,
      probability: Math.max(probability, above?.probability ?? 0),
      probabilityWithMargin: Math.max(probabilityWithMargin, above?.probabilityWithMargin ?? 0),
    });
  }
  return outlook.speed.mixture === null ? [] : outlooks;
}

/** The work that a step cannot do without. */
function workOn(state: ClockState, index: number): Work {
  const kind = state.steps[index]?.kind;
  if (kind === "prior") return NO_WORK;
  return kind === "both-orders" ? addWork(leftOn(state, index), leastSecond(state)) : leftOn(state, index);
}

/** What is left of the least that the second pass must cover for the step with both orders to count as feasible. */
function leastSecond({ whole, options, second }: ClockState): Work {
  const begun = whole.rows === 0 ? 0 : begunRows(second) / whole.rows;
  return scaleWork(whole, Math.max(0, options.secondPass.minShare - begun));
}

/** Time until an engine that is down may be up again: as long as its last start took. */
function untilUp({ up, since, startMs }: EngineState, now: number): number {
  return up ? 0 : Math.max(0, (startMs ?? 0) - (now - since));
}
