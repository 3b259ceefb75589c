import { expect, test } from "vitest";
import { summarizePairs } from "../../src/deadline/pairs.ts";

test("counts flips, and how far the average is from the first order", () => {
  const pairs = [
    { first: [0.6, 0.3, 0.1], second: [0.2, 0.7, 0.1] },
    { first: [0.5, 0.2, 0.3], second: [0.5, 0.2, 0.3] },
  ] as const;
  const summary = summarizePairs(pairs);
  expect(summary).toMatchObject({ pairs: 2, flipRate: 0.5, positionBias: 0.5 });
  expect(summary?.meanDistance).toBeCloseTo(0.2, 12);
  expect(summary?.meanChange).toBeCloseTo(0.1, 12);
});

test("summarizes no pairs as null, and not as shares of nothing", () => {
  expect(summarizePairs([])).toBeNull();
});
