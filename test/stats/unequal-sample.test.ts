import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shuffledIndexes } from "../../src/numbers/random.ts";
import { inclusionProbabilities, selectFrom, systematicSample } from "../../src/stats/unequal-sample.ts";

const sizes = fc
  .array(fc.double({ min: 1e-4, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 })
  .map((values) => Float64Array.from(values));
const total = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);

describe("inclusion probabilities", () => {
  test("sum to the size of the sample, lie above 0 and at most at 1, and are proportional to the sizes below 1", () => {
    void fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 50 }), (units, count) => {
        const probabilities = inclusionProbabilities(units, count);
        expect(total(probabilities)).toBeCloseTo(Math.min(count, units.length), 9);
        const open = [...units.keys()].filter((unit) => (probabilities[unit] ?? 0) < 1);
        const ratios = open.map((unit) => (probabilities[unit] ?? 0) / (units[unit] ?? 1));
        for (const ratio of ratios) expect(ratio / (ratios[0] ?? 1)).toBeCloseTo(1, 9);
        for (const [unit, probability] of probabilities.entries()) {
          expect(probability).toBeGreaterThan(0);
          expect(probability).toBeLessThanOrEqual(1);
          // A certain unit would have a share of 1 or more.
          if (probability === 1 && ratios[0] !== undefined)
            expect(ratios[0] * (units[unit] ?? 0)).toBeGreaterThan(0.999);
        }
      }),
    );
  });
});

describe("a systematic sample", () => {
  test("has the wanted number of units, each once, and each exactly as often as its probability says", () => {
    void fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), fc.integer(), (units, count, seed) => {
        const probabilities = inclusionProbabilities(units, count);
        const order = shuffledIndexes(units.length, seed);
        // The sample changes only where the start passes the fraction of a sum; between two of them it is constant.
        let sum = 0;
        const edges = [0, 1];
        for (const unit of order) {
          sum += probabilities[unit] ?? 0;
          edges.push(sum % 1);
        }
        edges.sort((one, other) => one - other);
        const often = new Float64Array(units.length);
        for (const [index, edge] of edges.entries()) {
          const next = edges[index + 1];
          if (next === undefined || next - edge < 1e-9) continue;
          const selected = selectFrom(order, probabilities, (edge + next) / 2);
          expect(selected).toHaveLength(Math.min(count, units.length));
          expect(new Set(selected).size).toBe(selected.length);
          for (const unit of selected) often[unit] = (often[unit] ?? 0) + next - edge;
        }
        for (const [unit, share] of often.entries()) expect(share).toBeCloseTo(probabilities[unit] ?? Number.NaN, 6);
      }),
      { numRuns: 60 },
    );
  });

  test("includes every unit over many seeds as often as its probability says", () => {
    const units = Float64Array.from({ length: 30 }, (_, unit) => 0.05 + (unit % 7) ** 2 / 20);
    const probabilities = inclusionProbabilities(units, 8);
    const often = new Float64Array(units.length);
    const draws = 4_000;
    for (let seed = 0; seed < draws; seed += 1) {
      for (const unit of systematicSample(probabilities, seed)) often[unit] = (often[unit] ?? 0) + 1;
    }
    for (const [unit, count] of often.entries()) {
      const p = probabilities[unit] ?? Number.NaN;
      expect(Math.abs(count / draws - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  test("is the same for the same seed", () => {
    const probabilities = inclusionProbabilities(
      Float64Array.from({ length: 500 }, (_, unit) => 1 + unit),
      20,
    );
    expect(systematicSample(probabilities, 7)).toEqual(systematicSample(probabilities, 7));
    expect(systematicSample(probabilities, 7)).not.toEqual(systematicSample(probabilities, 8));
  });
});
