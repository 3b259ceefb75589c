import { planBudget } from "../../src/deadline/budget.ts";
import type { PlanConfig, PlanInput } from "../../src/deadline/run-plan.ts";

export const TIME: PlanConfig["time"] = {
  deadline: null,
  shortContext: 100,
  ladder: null,
  confidence: 0.99,
  onOverrun: "degrade",
};
export const CONFIG: PlanConfig = { input: "rows.csv", template: "t.jinja", seed: 3, orders: "auto", time: TIME };
const START = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
/** 900 rows of 50 tokens and 100 of 400. */
export const INPUT: PlanInput = {
  lengths: Array.from({ length: 1_000 }, (_, row) => (row % 10 === 0 ? 400 : 50)),
  exact: { shortened: { rows: 4, meanCut: 12.5 }, neutralisedRows: 1 },
  tokenBudget: 400,
  startedAt: START,
  timeLimits: null,
  tokensPerSecond: null,
};
export const TIMED: PlanInput = { ...INPUT, timeLimits: planBudget(START, START + HOUR), tokensPerSecond: 30 };
