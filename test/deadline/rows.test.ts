import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createQueue, takeRows } from "../../src/deadline/order.ts";
import { chooseSample, sampleSizes, sampleSizesOfRest } from "../../src/deadline/sample.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 600 });

describe("the pilot and the sample", () => {
  test.each([
    [5, 5],
    [91, 20],
    [1_000, 30],
    [25_000, 750],
    [60_000, 750],
  ])("the pilot of %i rows has %i", (rows, size) => {
    expect(sampleSizes(rows).pilotRows).toBe(size);
  });

  test.each([
    [5, 5],
    [91, 60],
    [1_000, 100],
    [25_000, 2_500],
  ])("the sample of %i rows has %i", (rows, size) => {
    expect(sampleSizes(rows).rows).toBe(size);
    const tokens = Array.from({ length: rows }, (_, row) => row % 700);
    expect(chooseSample(tokens, [...tokens.keys()], size, 1)).toHaveLength(size);
  });

  test.each([
    ["all rows", 25_000, 25_000, [750, 2_500]],
    ["half of them", 25_000, 12_500, [375, 1_250]],
    ["few of them", 25_000, 400, [20, 60]],
    ["fewer than a pilot has", 25_000, 15, [15, 15]],
    ["half of a small run", 91, 45, [20, 45]],
    ["none", 91, 0, [0, 0]],
  ] as const)("draw the same share of the rows that are left: %s", (_, rows, left, [pilotRows, sample]) => {
    expect(sampleSizesOfRest(sampleSizes(rows), rows, left)).toEqual({ pilotRows, rows: sample });
  });

  test("the sample holds one row of each stratum by length, and no row twice", () => {
    fc.assert(
      fc.property(lengths, fc.integer(), (tokens, seed) => {
        const rows = [...tokens.keys()];
        const size = sampleSizes(rows.length).rows;
        const sample = chooseSample(tokens, rows, size, seed);
        expect(new Set(sample).size).toBe(size);
        expect(sample).toHaveLength(size);
        expect(size).toBeGreaterThanOrEqual(sampleSizes(rows.length).pilotRows);
        const byLength = rows.sort((one, other) => (tokens[one] ?? 0) - (tokens[other] ?? 0) || one - other);
        const places = sample.map((row) => byLength.indexOf(row)).sort((one, other) => one - other);
        for (const [i, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(Math.floor((i * rows.length) / size));
          expect(place).toBeLessThan(Math.floor(((i + 1) * rows.length) / size));
        }
      }),
    );
  });

  test("has the mean length of all rows to a few per cent, already at its beginning", () => {
    const tokens = Array.from({ length: 6_000 }, (_, i) => Math.round(60 * Math.exp((3.5 * i) / 6_000)));
    const mean = (rows: readonly number[]): number =>
      rows.reduce((sum, row) => sum + (tokens[row] ?? 0), 0) / rows.length;
    const all = mean([...tokens.keys()]);
    for (let seed = 0; seed < 20; seed++) {
      const sample = chooseSample(tokens, [...tokens.keys()], 600, seed);
      expect(Math.abs(mean(sample) / all - 1)).toBeLessThan(0.01);
      expect(Math.abs(mean(sample.slice(0, 60)) / all - 1)).toBeLessThan(0.1);
    }
  });

  test("is the same for the same seed, and another for another", () => {
    const tokens = Array.from({ length: 500 }, (_, i) => i);
    expect(chooseSample(tokens, tokens, 60, 3)).toEqual(chooseSample(tokens, tokens, 60, 3));
    expect(chooseSample(tokens, tokens, 60, 3)).not.toEqual(chooseSample(tokens, tokens, 60, 4));
  });
});

describe("the order of work", () => {
  const policies = fc.array(fc.constantFrom("longest-first", "shortest-first"), { minLength: 1, maxLength: 40 });

  test("gives every row once, however often the policy changes", () => {
    fc.assert(
      fc.property(lengths, policies, fc.integer({ min: 1, max: 9 }), (tokens, changes, count) => {
        const all = [...tokens.keys()];
        let queue = createQueue(tokens, all, chooseSample(tokens, all, sampleSizes(all.length).rows, 1));
        const taken: number[] = [];
        for (let i = 0; queue.left > 0; i++) {
          const before = queue.left;
          const { queue: next, rows } = takeRows(queue, changes[i % changes.length] ?? "longest-first", count);
          expect(next.left).toBe(before - rows.length);
          taken.push(...rows);
          queue = next;
        }
        expect(taken.sort((one, other) => one - other)).toEqual(all);
      }),
    );
  });

  test("is the sample, then longest first; or shortest first whatever the sample", () => {
    const tokens = [5, 9, 1, 7, 3, 8];
    const queue = createQueue(tokens, [...tokens.keys()], [3, 2]);
    expect(takeRows(queue, "longest-first", 9).rows).toEqual([3, 2, 1, 5, 0, 4]);
    expect(takeRows(queue, "shortest-first", 9).rows).toEqual([2, 4, 0, 3, 5, 1]);
  });
});
