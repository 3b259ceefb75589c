import fc from "fast-check";
import { expect, test } from "vitest";
import { meanOf, probabilityWithin, quantileOf, shiftSpread, varianceOf } from "../../src/forecast/spread.ts";
import { normalCdf } from "../../src/numbers/normal.ts";
import golden from "../fixtures/forecast/golden.json" with { type: "json" };

const { parts, cdf, mean, variance } = golden.mixtureCdf;

test("the normal distribution function agrees with the error function", () => {
  for (const [x = 0, p = 0] of golden.normalCdf) expect(Math.abs(normalCdf(x) - p)).toBeLessThan(1e-14);
});

test("a spread has the mean, variance and probabilities of its mixture of normals", () => {
  expect(meanOf(parts)).toBeCloseTo(mean, 10);
  expect(varianceOf(parts)).toBeCloseTo(variance, 8);
  for (const [ms = 0, p = 0] of cdf) expect(probabilityWithin(parts, ms)).toBeCloseTo(p, 12);
});

test("a quantile is exceeded with the rest of the probability", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (p) => {
      expect(probabilityWithin(parts, quantileOf(parts, p))).toBeCloseTo(p, 3);
    }),
  );
});

test("a shift adds to mean and variance, whatever the weights sum to", () => {
  const heavy = parts.map((part) => ({ ...part, weight: 7 * part.weight }));
  expect(meanOf(shiftSpread(heavy, 25, 100))).toBeCloseTo(mean + 25, 10);
  expect(varianceOf(shiftSpread(heavy, 25, 100))).toBeCloseTo(variance + 100, 8);
});
