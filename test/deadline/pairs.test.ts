import { expect, test } from "vitest";
import { averageOrders, summarizePairs, swapBack } from "../../src/deadline/pairs.ts";

test("turns an answer to the swapped order round, and leaves the tie", () => {
  expect(swapBack([0.6, 0.3, 0.1])).toEqual([0.3, 0.6, 0.1]);
});

test("counts flips, and how far the average is from the first order", () => {
  const pairs = [
    { first: [0.6, 0.3, 0.1], second: [0.2, 0.7, 0.1] },
    { first: [0.5, 0.2, 0.3], second: [0.5, 0.2, 0.3] },
  ] as const;
  const summary = summarizePairs(pairs);
  expect(summary).toMatchObject({ pairs: 2, flipRate: 0.5 });
  expect(summary.meanDistance).toBeCloseTo(0.2, 12);
  expect(summary.meanChange).toBeCloseTo(0.1, 12);
  expect(averageOrders(pairs[0])).toEqual([0.4, 0.5, 0.1]);
});

test("says nothing without pairs", () => {
  expect(summarizePairs([])).toMatchObject({ pairs: 0, flipRate: null, meanChange: null });
});
