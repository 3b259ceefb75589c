import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createConfidenceSequence } from "../../src/stats/confidence-sequence.ts";
import { groupOrder } from "../../src/stats/groups.ts";
import { createSequentialComparison, type SequentialState } from "../../src/stats/sequential-comparison.ts";
import { simulateJudges } from "./simulated-judges.ts";

const BOUND = 10;

describe("a comparison that may stop early", () => {
  test("says the same whatever order the answers arrive in", () => {
    const { differences, groups } = simulateJudges({ seed: 5, groups: 60, meanGroup: 3, errors: [0.9, 0.3] });
    const order = groupOrder(groups, 2);
    const inOrder = run(differences, groups, order, order);
    fc.assert(
      fc.property(fc.shuffledSubarray([...order], { minLength: order.length }), (arrival) => {
        expect(run(differences, groups, order, Uint32Array.from(arrival))).toEqual(inOrder);
      }),
      { numRuns: 10 },
    );
    expect(inOrder.rows).toBe(order.length);
    expect(inOrder.groups).toBe(60);
  });

  test("counts nothing of a prompt before all its rows are in", () => {
    const groups = Uint32Array.of(0, 0, 0);
    const comparison = createSequentialComparison({ order: Uint32Array.of(0, 1, 2), groups, bound: BOUND });
    comparison.add(0, 1);
    comparison.add(2, 3);
    expect(comparison.state()).toMatchObject({ groups: 0, rows: 0, mean: 0, interval: { low: -BOUND, high: BOUND } });
    comparison.add(1, 2);
    expect(comparison.state()).toMatchObject({ groups: 1, rows: 3, mean: 2 });
  });

  test("leaves out rows that could not be scored, and prompts that lost them all", () => {
    const groups = Uint32Array.of(0, 0, 1, 2);
    const comparison = createSequentialComparison({ order: Uint32Array.of(0, 1, 2, 3), groups, bound: BOUND });
    for (const [row, difference] of [0.5, null, null, 1.5].entries()) comparison.add(row, difference);
    expect(comparison.state()).toMatchObject({ groups: 2, rows: 2, mean: 1 });
  });

  test("ends as equivalent when the difference is shown to be smaller than the margin", () => {
    const groups = Uint32Array.from({ length: 20_000 }, (_, row) => row);
    const comparison = createSequentialComparison({ order: groups, groups, bound: 5, margin: 0.05 });
    let row = 0;
    while (comparison.state().verdict === "undecided" && row < groups.length)
      comparison.add(row, row++ % 2 ? 0.4 : -0.4);
    expect(comparison.state().verdict).toBe("equivalent");
    expect(row).toBeLessThan(3_000);
    expect(comparison.state().interval.low).toBeGreaterThanOrEqual(-0.05);
    expect(comparison.state().interval.high).toBeLessThanOrEqual(0.05);
  });

  test("says about how many rows are missing", () => {
    const groups = Uint32Array.from({ length: 20_000 }, (_, row) => row);
    const comparison = createSequentialComparison({ order: groups, groups, bound: 5 });
    const addUntil = (stop: (row: number) => boolean, from: number): number => {
      let row = from;
      for (; !stop(row); row += 1) comparison.add(row, row % 2 === 0 ? 0.53 : -0.47);
      return row;
    };
    addUntil((row) => row === 500, 0);
    const forecast = 500 + (comparison.state().moreRows ?? 0);
    const decided = addUntil(() => comparison.state().verdict !== "undecided", 500);
    expect(comparison.state()).toMatchObject({ verdict: "better", moreRows: null });
    expect(forecast / decided).toBeGreaterThan(0.8);
    expect(forecast / decided).toBeLessThan(1.25);
  });
});

describe("a confidence sequence", () => {
  test("refuses a value beyond its bound, because all it promises rests on it", () => {
    const sequence = createConfidenceSequence({ bound: 1, level: 0.95, candidates: [0] });
    expect(() => sequence.observe(1.0001)).toThrow("outside");
    expect(() => sequence.observe(Number.NaN)).toThrow("outside");
  });

  test("holds the mean at every moment in at least 95 % of runs, also of lopsided values", () => {
    const candidates = Array.from({ length: 99 }, (_, k) => (k - 49) / 50);
    let missed = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const sequence = createConfidenceSequence({ bound: 1, level: 0.95, candidates });
      let x = seed;
      for (let k = 0; k < 400; k += 1) {
        x = (Math.imul(1664525, x) + 1013904223) >>> 0;
        // 1 in ten times, else -0.2: the mean is -0.08.
        sequence.observe(x / 2 ** 32 < 0.1 ? 1 : -0.2);
      }
      const { low, high } = sequence.interval();
      if (low > -0.08 || high < -0.08) missed += 1;
      expect(high - low).toBeLessThan(0.5);
    }
    expect(missed).toBeLessThanOrEqual(10);
  });
});

function run(
  differences: Float64Array,
  groups: Uint32Array,
  order: Uint32Array,
  arrival: Uint32Array,
): SequentialState {
  const comparison = createSequentialComparison({ order, groups, bound: BOUND });
  for (const row of arrival) comparison.add(row, differences[row] ?? 0);
  return comparison.state();
}
