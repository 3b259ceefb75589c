import { getEventListeners } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { planRun } from "../../src/deadline/run-plan.ts";
import { createPlanner, type Planner } from "../../src/job/planner.ts";
import type { Task } from "../../src/judge/judge.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import type { RequestEvent } from "../../src/schedule/types.ts";
import type { Reading } from "../../src/types.ts";
import { CONFIG, INPUT } from "../deadline/plan-samples.ts";
import { createVirtualClock, type VirtualClock } from "../helpers/virtual-clock.ts";

const GAVE_UP: RequestEvent<Task, Reading> = {
  attempt: null,
  outcomes: [
    {
      task: {
        row: 0,
        order: "ab",
        tokenBudget: null,
        ids: [1],
        cutTokens: 0,
        neutralised: 0,
        scorer: { score: async () => [] },
      },
      outcome: { ok: false, end: "engine-lost", reason: "engine-lost", message: "no engine is left", attempts: 1 },
    },
  ],
};

function newPlanner(clock: VirtualClock): Planner {
  return createPlanner({
    plan: planRun(CONFIG, INPUT),
    config: { calibration: null },
    state: createRunState(INPUT.lengths.length),
    aggregate: () => ({ probabilities: [0.4, 0.4, 0.2], note: null }),
    tokens: INPUT.lengths,
    budget: () => null,
    startedAt: 0,
    clock,
    onDecision: () => {},
  });
}

test("waits for a request to end, for the next decision to be due, or for the signal, and leaves nothing on the signal", async () => {
  const clock = createVirtualClock();
  const planner = newPlanner(clock);
  const controller = new AbortController();
  const { signal } = controller;
  const any = vi.spyOn(AbortSignal, "any");
  onTestFinished(() => any.mockRestore());
  for (let i = 0; i < 20; i += 1) {
    const changed = planner.changed(signal);
    planner.onRequest(GAVE_UP, 1);
    await changed;
  }
  expect(clock.monotonic()).toBe(0);
  await clock.until(planner.changed(signal));
  expect(clock.monotonic()).toBe(2_000);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  // In Node 20 each call with a signal that lives on leaks a kilobyte.
  expect(any).not.toHaveBeenCalled();

  const changed = planner.changed(signal);
  controller.abort();
  await changed;
  await planner.changed(signal);
  expect([clock.monotonic(), clock.sleeping()]).toEqual([2_000, 0]);
});
