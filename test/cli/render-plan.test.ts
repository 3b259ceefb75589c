import { expect, test } from "vitest";
import { renderPlan } from "../../src/cli/render/plan.ts";
import { planRun } from "../../src/deadline/run-plan.ts";
import { CONFIG, INPUT, TIME, TIMED } from "../deadline/plan-samples.ts";

test("a plan is rendered as text, with the steps that are not taken and why", () => {
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
