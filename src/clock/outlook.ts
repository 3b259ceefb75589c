import { type Outlook, probabilityOf } from "./forecast.ts";
import type { StepOutlook } from "./ladder.ts";
import { ladderRules } from "./rules.ts";
import { upToDate } from "./speed.ts";
import type { ClockState, EngineState } from "./state.ts";
import { addWork, NO_WORK, scaleWork, type Work } from "./work.ts";

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

/** Gives the probability of finishing on every step; empty while no speed is known. */
export function stepOutlooks(state: ClockState, outlook: Outlook): readonly StepOutlook[] {
  const { climbMargin } = ladderRules(state.options);
  const spare = outlook.untilAt === null ? 0 : climbMargin * Math.max(0, outlook.untilAt - outlook.now);
  const outlooks: StepOutlook[] = [];
  for (const [i, step] of state.steps.entries()) {
    const second = step.kind === "both-orders" ? leastSecond(state) : NO_WORK;
    const work = step.kind === "prior" ? NO_WORK : addWork(leftOn(state, i), second);
    const probability = step.kind === "prior" ? 1 : probabilityOf(outlook, work);
    const probabilityWithMargin = step.kind === "prior" ? 1 : probabilityOf(outlook, work, spare);
    if (probability === null || probabilityWithMargin === null) return [];
    outlooks.push({ step, probability, probabilityWithMargin });
  }
  return outlook.speed.mixture === null ? [] : outlooks;
}

/** The least that the second pass must cover for the step with both orders to count as feasible. */
function leastSecond({ whole, options }: ClockState): Work {
  return scaleWork(whole, options.secondPass.minShare);
}

/** Time until an engine that is down may be up again: as long as its last start took. */
function untilUp({ up, since, startMs }: EngineState, now: number): number {
  return up ? 0 : Math.max(0, (startMs ?? 0) - (now - since));
}
