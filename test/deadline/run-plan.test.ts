import { describe, expect, test } from "vitest";
import { mayScoreBothOrders, planRun, type RunPlan } from "../../src/deadline/run-plan.ts";
import { CONFIG, INPUT, TIME, TIMED } from "./plan-samples.ts";

const costs = ({ ladder }: RunPlan) => ladder.map(({ name, leastTokens, tokens }) => [name, leastTokens, tokens]);

describe("the plan of a run", () => {
  test("costs every step in all its orders, and the least that it needs", () => {
    const time = { ...TIME, deadline: "1h" };
    const short = ["one-order-short", 55_000, 55_000];
    expect(costs(planRun({ ...CONFIG, time }, TIMED))).toEqual([
      ["both-orders", 86_700, 170_000],
      ["one-order", 85_000, 85_000],
      short,
      ["prior", 0, 0],
    ]);
    expect(costs(planRun({ ...CONFIG, orders: "both", time }, TIMED))[0]).toEqual(["both-orders", 170_000, 170_000]);
    expect(costs(planRun({ ...CONFIG, orders: "one", time }, TIMED))[0]).toEqual(["one-order", 85_000, 85_000]);
  });

  test("finds which steps fit once a speed is known, from what each needs at least", () => {
    const time = { ...TIME, deadline: "1h" };
    const fitting = (tokensPerSecond: number | null) =>
      planRun({ ...CONFIG, time }, { ...TIMED, tokensPerSecond }).ladder.map(({ fits }) => fits);
    // 58m48s are left for work.
    expect(fitting(30)).toEqual([true, true, true, true]);
    expect(fitting(24.2)).toEqual([false, true, true, true]);
    expect(fitting(20)).toEqual([false, false, true, true]);
    expect(fitting(1)).toEqual([false, false, false, true]);
    expect(fitting(null)).toEqual([null, null, null, null]);
  });

  test("asks for one order without a deadline, where nothing overruns", () => {
    const plan = planRun({ ...CONFIG, time: { ...TIME, onOverrun: "stop" } }, INPUT);
    expect(plan).toMatchObject({
      orders: "one",
      prompts: { ab: 1_000, ba: 0 },
      swapPass: { minShare: 0, maxShare: 0 },
      onOverrun: "degrade",
      timeLimits: null,
    });
    expect(plan.ladder.map(({ fits }) => fits)).toEqual([null, null, null]);
  });

  test("says whether tokens are exact, and how many rows come first", () => {
    const plan = planRun(CONFIG, { ...INPUT, exact: null });
    expect(plan.tokens).toMatchObject({ source: "estimated", total: 85_000 });
    expect(plan.tokens.quantiles.map(({ share, tokens }) => [share, tokens])).toEqual([
      [0, 50],
      [0.05, 50],
      [0.25, 50],
      [0.5, 50],
      [0.75, 50],
      [0.95, 400],
      [0.99, 400],
      [1, 400],
    ]);
    expect(plan.sample).toEqual({ pilotRows: 30, rows: 100 });
    expect(planRun(CONFIG, INPUT).tokens).toMatchObject({ source: "exact", neutralisedRows: 1 });
  });

  test("knows from the config alone whether rows may get the swapped order", () => {
    const [timed, both] = [{ ...TIME, deadline: "9h" }, { name: "twice", kind: "both-orders", context: null } as const];
    expect(mayScoreBothOrders(CONFIG)).toBe(false);
    expect(mayScoreBothOrders({ ...CONFIG, time: timed })).toBe(true);
    expect(mayScoreBothOrders({ ...CONFIG, orders: "both" })).toBe(true);
    expect(mayScoreBothOrders({ ...CONFIG, orders: "one", time: { ...timed, ladder: [both] } })).toBe(false);
    expect(mayScoreBothOrders({ ...CONFIG, time: { ...timed, ladder: [both] } })).toBe(true);
    expect(mayScoreBothOrders({ ...CONFIG, time: { ...timed, ladder: [] } })).toBe(false);
  });
});
