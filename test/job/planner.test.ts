import { getEventListeners } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { RowOrder } from "../../src/deadline/ladder.ts";
import { planRun } from "../../src/deadline/run-plan.ts";
import { createPlanner, type NextPrompt, type Planner, type PlannerOptions } from "../../src/job/planner.ts";
import { createSwapChooser } from "../../src/job/rank-rows.ts";
import type { Task } from "../../src/judge/judge.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import type { RequestEvent } from "../../src/schedule/types.ts";
import { CLASSES, type Reading } from "../../src/types.ts";
import { CONFIG, INPUT } from "../deadline/plan-samples.ts";
import { createVirtualClock, type VirtualClock } from "../helpers/virtual-clock.ts";
import { rowEvent } from "../runfolder/samples.ts";

function gaveUp(row: number): RequestEvent<Task, Reading> {
  const scorer = { score: async () => [] };
  const task: Task = {
    row,
    order: "ab",
    tokenBudget: null,
    ids: [1],
    cutTokens: 0,
    neutralised: 0,
    refusal: null,
    scorer,
  };
  const outcome = { ok: false, end: "engine-lost", reason: "engine-lost", message: "no engine", attempts: 1 } as const;
  return { attempt: null, outcomes: [{ task, outcome }] };
}

function newPlanner({
  clock = createVirtualClock(),
  plan = planRun(CONFIG, INPUT),
  state = createRunState(INPUT.lengths.length, CLASSES),
}: Partial<Pick<PlannerOptions, "plan" | "state">> & { readonly clock?: VirtualClock } = {}): Planner {
  return createPlanner({
    plan,
    state,
    chooser: createSwapChooser({
      config: { calibration: null },
      state,
      aggregate: () => ({ probabilities: [0.4, 0.4, 0.2], note: null }),
    }),
    tokens: INPUT.lengths.slice(0, state.rows),
    budget: () => null,
    startedAt: 0,
    clock,
    onDecision: () => {},
  });
}

/** Takes prompts until there is none, or this many. */
function take(planner: Planner, count: number): readonly Exclude<NextPrompt, string>[] {
  const taken: Exclude<NextPrompt, string>[] = [];
  while (taken.length < count) {
    const next = planner.next();
    if (typeof next === "string") break;
    taken.push(next);
  }
  return taken;
}

const lengthsOf = (prompts: readonly { readonly row: number }[]): ReadonlySet<number | undefined> =>
  new Set(prompts.map(({ row }) => INPUT.lengths[row]));

// The plans are changed after they were made: a planner that decided by itself would do the same as before.
describe("takes from the plan", () => {
  const plan = planRun(CONFIG, INPUT);
  const none = { pilotRows: 0, rows: 0 };

  test("the order in which a step scores the rows", () => {
    const ordered = (rowOrder: RowOrder): Planner => {
      const ladder = plan.ladder.map((step) => ({ ...step, rowOrder }));
      return newPlanner({ plan: { ...plan, ladder, sample: none } });
    };
    expect(lengthsOf(take(ordered("longest-first"), 100))).toEqual(new Set([400]));
    expect(lengthsOf(take(ordered("shortest-first"), 900))).toEqual(new Set([50]));
  });

  test("the size of the sample, and which rows it has", () => {
    const rowsOf = (rows: number, seed: number): readonly number[] =>
      take(newPlanner({ plan: { ...plan, seed, sample: { pilotRows: 10, rows } } }), 80).map(({ row }) => row);
    const longest = rowsOf(0, 1);
    const withSample = rowsOf(60, 1);
    expect(withSample.slice(60).every((row) => INPUT.lengths[row] === 400)).toBe(true);
    expect(lengthsOf(withSample.slice(0, 60).map((row) => ({ row })))).toEqual(new Set([50, 400]));
    expect(longest.every((row) => INPUT.lengths[row] === 400)).toBe(true);
    expect(rowsOf(60, 2)).not.toEqual(withSample);
  });

  test("the number of rows in the pilot", async () => {
    const phaseAfter = async (pilotRows: number, settled: number): Promise<string> => {
      const clock = createVirtualClock();
      const planner = newPlanner({ clock, plan: { ...plan, sample: { pilotRows, rows: 100 } } });
      planner.onPoolStatus("up");
      for (const { row } of take(planner, settled)) {
        planner.onRequest(gaveUp(row), 1);
      }
      await clock.advance(10_000);
      return planner.tick().phase;
    };
    expect([await phaseAfter(7, 6), await phaseAfter(7, 7)]).toEqual(["pilot", "first-pass"]);
    expect([await phaseAfter(12, 11), await phaseAfter(12, 12)]).toEqual(["pilot", "first-pass"]);
  });

  test("the token budget of a row", () => {
    const rowsOf = (tokenBudget: number): readonly number[] =>
      take(newPlanner({ plan: { ...plan, tokenBudget, sample: none } }), 3).map(({ row }) => row);
    expect(rowsOf(400)).toEqual([990, 980, 970]);
    // All rows are equally long within 50 tokens.
    expect(rowsOf(50)).toEqual([999, 998, 997]);
  });

  test("the largest number of prompts in the swapped order, those of earlier sessions included", () => {
    const both = planRun({ ...CONFIG, orders: "both" }, { ...INPUT, lengths: INPUT.lengths.slice(0, 30) });
    const swapped = (ba: number, earlier: number): number => {
      const state = createRunState(30, CLASSES);
      for (let row = 0; row < 30; row += 1) fold(state, rowEvent(row));
      for (let row = 0; row < earlier; row += 1) fold(state, rowEvent(row, { order: "ba" }));
      return take(newPlanner({ plan: { ...both, prompts: { ab: 30, ba } }, state }), 30).length;
    };
    expect(both.prompts).toEqual({ ab: 30, ba: 30 });
    expect([swapped(5, 0), swapped(7, 0), swapped(7, 4), swapped(0, 0)]).toEqual([5, 7, 3, 0]);
  });
});

test("waits for a request to end, for the next decision to be due, or for the signal, and leaves nothing on the signal", async () => {
  const clock = createVirtualClock();
  const planner = newPlanner({ clock });
  const controller = new AbortController();
  const { signal } = controller;
  const any = vi.spyOn(AbortSignal, "any");
  onTestFinished(() => any.mockRestore());
  for (let i = 0; i < 20; i += 1) {
    const changed = planner.changed(signal);
    planner.onRequest(gaveUp(0), 1);
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
