import type { Decision } from "../../src/deadline/decision.ts";
import type { DeadlineState } from "../../src/deadline/state.ts";
import { bestFeasible } from "./oracle.ts";
import type { Scenario } from "./scenario.ts";

/** How long a run was on a step below the best feasible one, as shares of its first pass's time with the engine up. */
export interface Below {
  readonly share: number;
  /** The same, counting only steps that were feasible with a fifth of the time to spare. */
  readonly clearShare: number;
  /** The part of `share` for which the decision in force did not say why; see isStated. */
  readonly unstatedShare: number;
  /** The parts of `share` by the first word of the reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

const CLEAR = 0.8;

/** Follows a run's decisions and adds up the time below the best feasible step; each decision counts until the next one. */
export function createBelowMeter(scenario: Scenario): {
  readonly watch: (state: DeadlineState, decision: Decision, isUp: boolean) => void;
  readonly result: () => Below;
} {
  const reasons: Record<string, number> = {};
  let [whole, below, clear, unstated] = [0, 0, 0, 0];
  let last: { at: number; isBelow: boolean; isClear: boolean; isStated: boolean; word: string } | null = null;
  return {
    watch: (state, decision, isUp) => {
      if (last !== null) {
        const ms = decision.at - last.at;
        whole += ms;
        if (last.isBelow) {
          below += ms;
          reasons[last.word] = (reasons[last.word] ?? 0) + ms;
        }
        if (last.isClear) clear += ms;
        if (last.isBelow && !last.isStated) unstated += ms;
      }
      last = null;
      if (!isUp || state.first.endedAt !== null || decision.stop !== null) return;
      const { at, reason } = decision;
      const { index } = state.position;
      last = {
        at,
        isBelow: index > bestFeasible(scenario, state, at, isUp),
        isClear: index > bestFeasible(scenario, state, at, isUp, CLEAR),
        isStated: isStated(state, decision),
        word: reason.split(/[ :]/)[0] ?? "",
      };
    },
    result: () => {
      const shareOf = (ms: number): number => (whole === 0 ? 0 : ms / whole);
      return {
        share: shareOf(below),
        clearShare: shareOf(clear),
        unstatedShare: shareOf(unstated),
        reasons: Object.fromEntries(Object.entries(reasons).map(([word, ms]) => [word, shareOf(ms)])),
      };
    },
  };
}

/**
 * Says whether a decision explains why no higher step was taken, in words that its own figures bear out: the step above is
 * named as below the confidence and is, or a higher one reaches it but has not been held long enough or has no room to spare;
 * or the speed is still being measured, on the pilot's rows or by an engine that warms up.
 */
function isStated({ position, options }: DeadlineState, { reason, steps, phase }: Decision): boolean {
  if (reason.startsWith("measuring speed:")) return phase === "pilot" || steps.length === 0;
  const above = steps[position.index - 1];
  if (above === undefined) return false;
  const { step, probability, probabilityWithMargin } = above;
  const isUnsure = probability < options.confidence;
  if (isUnsure) return reason.includes(`${step.name} finishes with probability`) && reason.includes("is below");
  if (reason.includes("on this step")) return reason.startsWith("hold:");
  return reason.includes("of the time left over") && probabilityWithMargin < options.confidence;
}
