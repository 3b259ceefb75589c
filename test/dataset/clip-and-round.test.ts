import fc from "fast-check";
import { expect, test } from "vitest";
import { toDigits } from "../../src/dataset/submission/clip-and-round.ts";
import type { Clip, PerClass } from "../../src/types.ts";

const CLIP: Clip = [0.005, 0.99];
const weight = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 1e-300, 1 / 3, 0.1));
const triple = fc
  .tuple(weight, weight, weight)
  .filter(([a, b, tie]) => a + b + tie > 0)
  .map(([a, b, tie]): PerClass => {
    const sum = a + b + tie;
    return [a / sum, b / sum, tie / sum];
  });
const clip = fc.tuple(fc.double({ min: 0, max: 0.3, noNaN: true }), fc.double({ min: 0.4, max: 1, noNaN: true }));

function units(digits: readonly string[]): readonly number[] {
  return digits.map((text) => Number(text.replace(".", "")));
}

test("writes digits that sum to exactly 1, each less than a millionth from the clipped probability", () => {
  fc.assert(
    fc.property(triple, clip, (probabilities, [low, high]) => {
      const digits = toDigits(probabilities, [low, high]);
      for (const text of digits) expect(text).toMatch(/^[01]\.\d{6}$/);
      expect(units(digits).reduce((sum, unit) => sum + unit, 0)).toBe(1_000_000);
      const clipped = probabilities.map((probability) => Math.min(Math.max(probability, low), high));
      const sum = clipped.reduce((total, probability) => total + probability, 0);
      for (const [index, text] of digits.entries()) {
        expect(Math.abs(Number(text) - (clipped[index] ?? 0) / sum)).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 2000 },
  );
});

test("leaves digits alone that it has written, so writing again changes nothing", () => {
  fc.assert(
    fc.property(triple, (probabilities) => {
      const once = toDigits(probabilities, [0, 1]);
      const [a = 0, b = 0, tie = 0] = once.map(Number);
      expect(toDigits([a, b, tie], [0, 1])).toEqual(once);
    }),
  );
});

test("keeps the order of the probabilities", () => {
  fc.assert(
    fc.property(triple, (probabilities) => {
      const written = units(toDigits(probabilities, CLIP));
      for (const i of [0, 1, 2]) {
        for (const j of [0, 1, 2]) {
          if ((probabilities[i] ?? 0) > (probabilities[j] ?? 0) + 1e-5) {
            expect(written[i]).toBeGreaterThanOrEqual(written[j] ?? 0);
          }
        }
      }
    }),
  );
});

test.each<[PerClass, string[]]>([
  [
    [1 / 3, 1 / 3, 1 / 3],
    ["0.333334", "0.333333", "0.333333"],
  ],
  [
    [1, 0, 0],
    ["0.990000", "0.005000", "0.005000"],
  ],
  [
    [0.5, 0.5, 0],
    ["0.497513", "0.497512", "0.004975"],
  ],
  [
    [0.2, 0.3, 0.5],
    ["0.200000", "0.300000", "0.500000"],
  ],
])("writes %j as %j", (probabilities, digits) => {
  expect(toDigits(probabilities, CLIP)).toEqual(digits);
});

test.each<[PerClass]>([
  [[Number.NaN, 0.5, 0.5]],
  [[Number.POSITIVE_INFINITY, 0, 0]],
  [[-0.1, 0.6, 0.5]],
  [[0.5, 0.5, 0.5]],
  [[0, 0, 0]],
])("refuses %j", (probabilities) => {
  expect(() => toDigits(probabilities, CLIP)).toThrow(/not probabilities that sum to 1/);
});
