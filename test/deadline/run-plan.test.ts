import { describe, expect, test } from "vitest";
import { renderPlan } from "../../src/cli/render/plan.ts";
import { planBudget } from "../../src/deadline/budget.ts";
import {
  mayScoreBothOrders,
  type PlanConfig,
  type PlanInput,
  planRun,
  type RunPlan,
} from "../../src/deadline/run-plan.ts";

const TIME: PlanConfig["time"] = {
  deadline: null,
  shortContext: 100,
  ladder: null,
  confidence: 0.99,
  onOverrun: "degrade",
};
const CONFIG: PlanConfig = { input: "rows.csv", template: "t.jinja", seed: 3, orders: "auto", time: TIME };
const START = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
/** 900 rows of 50 tokens and 100 of 400. */
const INPUT: PlanInput = {
  lengths: Array.from({ length: 1_000 }, (_, row) => (row % 10 === 0 ? 400 : 50)),
  exact: { shortened: { rows: 4, meanCut: 12.5 }, neutralisedRows: 1 },
  tokenBudget: 400,
  startedAt: START,
  timeLimits: null,
  tokensPerSecond: null,
};
const TIMED: PlanInput = { ...INPUT, timeLimits: planBudget(START, START + HOUR), tokensPerSecond: 30 };

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

  test("is rendered as text", () => {
    const time = { ...TIME, deadline: "1h" };
    expect(`${renderPlan(planRun({ ...CONFIG, time }, TIMED))}\n`).toMatchInlineSnapshot(`
      "data                  1,000 rows of rows.csv
      tokens a row          0 %: 50, 5 %: 50, 25 %: 50, 50 %: 50, 75 %: 50, 95 %: 400, 99 %: 400, 100 %: 400; 85,000 in all; at most 400 of a row are sent
      shortened             4 rows, by 13 tokens on average
      control tokens        made harmless in 1 row
      first rows            a sample of 100 rows of all lengths (seed 3); the first 30 measure the speed
      then                  the longest first; on the steps one-order-short and prior the shortest first
      swapped order         for up to 1,000 rows while time is left, the largest expected gain first; at least 2 % of the rows must fit
      ladder                the best step that ends in time with probability 0.99 or more
      step both-orders      170,000 tokens, 48m10s to 1h34m: fits
      step one-order         85,000 tokens, 47m13s: fits
      step one-order-short   55,000 tokens, 30m33s: fits
      step prior                  0 tokens, 0 s: fits
      time for work         58m48s, the start of the engine included; the deadline is 2026-01-02T01:00:00.000Z
      "
    `);
    const stopping = { ...time, onOverrun: "stop" } as const;
    expect(
      `${renderPlan(planRun({ ...CONFIG, orders: "both", time: stopping }, { ...TIMED, exact: null, tokensPerSecond: 1 }))}\n`,
    ).toMatchInlineSnapshot(`
      "data                  1,000 rows of rows.csv
      tokens a row          0 %: 50, 5 %: 50, 25 %: 50, 50 %: 50, 75 %: 50, 95 %: 400, 99 %: 400, 100 %: 400; 85,000 in all, estimated; at most 400 of a row are sent
      first rows            a sample of 100 rows of all lengths (seed 3); the first 30 measure the speed
      then                  the longest first
      swapped order         for every row, after the first order
      ladder                the best step that ends in time with probability 0.99 or more
      step both-orders      170,000 tokens, 47h13m: too long
      step one-order         85,000 tokens, 23h37m: too long
      step one-order-short   55,000 tokens, 15h17m: too long (not taken, because on_overrun is stop)
      step prior                  0 tokens, 0 s: fits (not taken, because on_overrun is stop)
      time for work         58m48s, the start of the engine included; the deadline is 2026-01-02T01:00:00.000Z
      "
    `);
    expect(`${renderPlan(planRun(CONFIG, INPUT))}\n`).toMatchInlineSnapshot(`
      "data                  1,000 rows of rows.csv
      tokens a row          0 %: 50, 5 %: 50, 25 %: 50, 50 %: 50, 75 %: 50, 95 %: 400, 99 %: 400, 100 %: 400; 85,000 in all; at most 400 of a row are sent
      shortened             4 rows, by 13 tokens on average
      control tokens        made harmless in 1 row
      first rows            a sample of 100 rows of all lengths (seed 3); the first 30 measure the speed
      then                  the longest first
      swapped order         for no row
      step one-order        85,000 tokens
      step one-order-short  55,000 tokens (not taken, without a deadline)
      step prior                 0 tokens (not taken, without a deadline)
      "
    `);
  });
});
