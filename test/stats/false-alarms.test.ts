import { expect, test } from "vitest";
import { createConfidenceSequence } from "../../src/stats/confidence-sequence.ts";
import { groupOrder } from "../../src/stats/groups.ts";
import { createSequentialComparison } from "../../src/stats/sequential-comparison.ts";
import { simulateJudges } from "./simulated-judges.ts";

const BOUND = 5.3;

test("raises a false alarm in at most 5 % of 2,000 comparisons without difference, looking after every row", () => {
  let alarms = 0;
  for (let seed = 0; seed < 2_000; seed += 1) {
    const { differences } = simulateJudges({ seed, groups: 600, meanGroup: 1, errors: [0.7, 0.7] });
    const sequence = createConfidenceSequence({ bound: BOUND, level: 0.95, candidates: [0] });
    for (const difference of differences) sequence.observe(Math.max(-BOUND, Math.min(BOUND, difference)));
    // What was decided at any moment stays decided, so one look at the end sees every look before.
    if (sequence.side(0) !== null) alarms += 1;
  }
  expect(alarms / 2_000).toBeLessThanOrEqual(0.05);
});

test("gives the same alarm through whole comparisons of grouped rows, in at most 5 % of them", () => {
  let alarms = 0;
  for (let seed = 0; seed < 100; seed += 1) {
    const { differences, groups } = simulateJudges({ seed, groups: 150, meanGroup: 3, errors: [0.7, 0.7] });
    const order = groupOrder(groups, seed);
    const comparison = createSequentialComparison({ order, groups, bound: BOUND });
    for (const row of order) {
      comparison.add(row, Math.max(-BOUND, Math.min(BOUND, differences[row] ?? 0)));
      if (comparison.state().verdict === "undecided") continue;
      alarms += 1;
      break;
    }
  }
  expect(alarms).toBeLessThanOrEqual(5);
});

test("finds a difference that is there, on the right side, and says so for good", () => {
  const { differences, groups } = simulateJudges({ seed: 1, groups: 3_000, meanGroup: 1, errors: [0.9, 0.5] });
  const order = groupOrder(groups, 1);
  const comparison = createSequentialComparison({ order, groups, bound: BOUND });
  let decidedAt = Number.POSITIVE_INFINITY;
  for (const [place, row] of order.entries()) {
    comparison.add(row, Math.max(-BOUND, Math.min(BOUND, differences[row] ?? 0)));
    if (comparison.state().verdict === "better") decidedAt = Math.min(decidedAt, place + 1);
    else expect(decidedAt).toBe(Number.POSITIVE_INFINITY);
  }
  expect(decidedAt).toBeLessThan(1_500);
  expect(comparison.state().interval.low).toBeGreaterThanOrEqual(0);
});
