import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shuffledIndexes } from "../../src/numbers/random.ts";
import { bootstrapMean } from "../../src/stats/bootstrap.ts";
import { groupOrder, sumByGroup } from "../../src/stats/groups.ts";
import { resample } from "../../src/stats/resample.ts";

const value = fc.double({ min: -5, max: 5, noNaN: true });
const rows = fc.array(fc.tuple(value, fc.nat(12)), { minLength: 1, maxLength: 80 });
const OPTIONS = { seed: 9, resamples: 300 };

describe("the bootstrap over groups", () => {
  test("keeps the mean of the rows, and its intervals in order around it", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const found = estimate(list);
        expect(found.mean).toBeCloseTo(list.reduce((sum, [one]) => sum + one, 0) / list.length, 10);
        expect(found.error === null).toBe(found.groups < 4);
        if (found.error === null) return;
        const { interval, percentile, bca, p, standardError } = found.error;
        expect(interval.low).toBeLessThanOrEqual(found.mean);
        expect(interval.high).toBeGreaterThanOrEqual(found.mean);
        expect(percentile.low).toBeLessThanOrEqual(percentile.high);
        expect(bca.low).toBeLessThanOrEqual(bca.high);
        expect(standardError).toBeGreaterThanOrEqual(0);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("does not care what the groups are called", () => {
    fc.assert(
      fc.property(rows, fc.nat(1_000_000), (list, offset) => {
        expect(estimate(list.map(([one, group]) => [one, 3 * group + offset]))).toEqual(estimate(list));
      }),
    );
  });

  test("moves with the values and grows with them", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const found = estimate(list);
        const moved = estimate(list.map(([one, group]) => [2 * one + 1, group]));
        expect(moved.mean).toBeCloseTo(2 * found.mean + 1, 9);
        expect(moved.error?.standardError ?? 0).toBeCloseTo(2 * (found.error?.standardError ?? 0), 9);
      }),
    );
  });

  test("is wider when rows come in groups that agree than when each stands alone", () => {
    const values = Float64Array.from({ length: 400 }, (_, row) => Math.sin(Math.floor(row / 10)));
    const alone = bootstrapMean(values, Uint32Array.from(values.keys()), OPTIONS);
    const grouped = bootstrapMean(
      values,
      Uint32Array.from(values.keys(), (row) => Math.floor(row / 10)),
      OPTIONS,
    );
    const ratio = (grouped.error?.standardError ?? 0) / (alone.error?.standardError ?? 1);
    expect(ratio).toBeGreaterThan(3);
    expect(ratio).toBeLessThan(3.3);
  });

  test.each([4, 1_000, 40_000, 70_000])("draws as many groups as there are, evenly, from %i", (count) => {
    // Group g holds one row of value g: the mean of a replicate is the mean of the group numbers drawn.
    const groups = { sums: Float64Array.from({ length: count }, (_, g) => g), sizes: new Float64Array(count).fill(1) };
    const { means } = resample(groups, 50, 3);
    const spread = count / Math.sqrt(12 * count);
    const average = means.reduce((sum, one) => sum + one, 0) / means.length;
    expect(Math.abs(average - (count - 1) / 2)).toBeLessThan((4 * spread) / Math.sqrt(50));
    for (const mean of means) expect(Math.abs(mean - (count - 1) / 2)).toBeLessThan(5 * spread);
  });

  test("weighs groups by their rows: a replicate of equal values is that value", () => {
    const groups = sumByGroup(
      new Float64Array(60).fill(0.25),
      Uint32Array.from({ length: 60 }, (_, row) => Math.floor(Math.sqrt(row))),
    );
    for (const mean of resample(groups, 200, 1).means) expect(mean).toBeCloseTo(0.25, 12);
  });
});

test("a random order holds every index once and differs between seeds", () => {
  const one = shuffledIndexes(500, 1);
  expect([...one].sort((x, y) => x - y)).toEqual([...one.keys()]);
  expect(one).toEqual(shuffledIndexes(500, 1));
  expect(one).not.toEqual(shuffledIndexes(500, 2));
});

test("a group order holds every row once, each group in one piece and in file order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 60 }), fc.integer(), (list, seed) => {
      const order = groupOrder(Uint32Array.from(list), seed);
      expect([...order].sort((x, y) => x - y)).toEqual([...list.keys()]);
      const seen = [...order].map((row) => list[row]);
      expect(seen.filter((group, place) => group !== seen[place - 1]).length).toBe(new Set(list).size);
      for (const [place, row] of order.entries()) {
        if (place > 0 && seen[place] === seen[place - 1]) expect(row).toBeGreaterThan(order[place - 1] ?? -1);
      }
    }),
  );
});

function estimate(list: readonly (readonly [number, number])[]): ReturnType<typeof bootstrapMean> {
  return bootstrapMean(
    Float64Array.from(list, ([one]) => one),
    Uint32Array.from(list, ([, group]) => group),
    OPTIONS,
  );
}
