import type { DeadlineState } from "../../src/deadline/state.ts";
import { workLeftOn } from "../../src/deadline/step-forecasts.ts";
import { addWork, scaleWork, type Work } from "../../src/forecast/work.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Finds the best step (index) that is feasible at a moment, given the true costs of the engine.
 *
 * A step is feasible when all that it still asks for (for both orders with the least swap pass) takes no more than `share`
 * of the time left, with every row's true length, the mean costs of the engine's model, and its slowness at this moment. The
 * oracle expects this slowness to stay; it does not see the future (faults, noise, deviations, drift). It expects an engine
 * that is down back after its usual start. Below a share of 1 a step is feasible with room to spare.
 */
export function bestFeasible(scenario: Scenario, state: DeadlineState, now: number, isUp: boolean, share = 1): number {
  const { untilAt, downMs } = limits(scenario, state, isUp);
  const index = state.steps.findIndex(({ kind }, i) => {
    if (kind === "prior") return true;
    const least = scaleWork(state.whole, kind === "both-orders" ? state.options.swapPass.minShare : 0);
    const needed = downMs + trueMs(scenario, addWork(workLeftOn(state, i), least)) * scenario.engine.slowness(now);
    return needed <= share * (untilAt - now);
  });
  return index === -1 ? state.steps.length - 1 : index;
}

/** Mean time (ms) of some work on the scenario's engine when nothing slows it. */
export function trueMs({ engine, concurrency, promptsPerRequest }: Scenario, { rows, tokens, squares }: Work): number {
  const { rowMs, tokenMs, squareMs, batchMs, batchTokens } = engine;
  const batches = Math.max(tokens / batchTokens, rows / (concurrency * promptsPerRequest));
  return rowMs * rows + tokenMs * tokens + squareMs * squares + batchMs * batches;
}

function limits({ engine }: Scenario, { options }: DeadlineState, isUp: boolean): { untilAt: number; downMs: number } {
  return { untilAt: options.budget?.workEndAt ?? Number.POSITIVE_INFINITY, downMs: isUp ? 0 : engine.startMs };
}
