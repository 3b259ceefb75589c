import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { repeatRow, rowAt } from "../../src/class-matrix.ts";
import { classPrior } from "../../src/metrics/class-prior.ts";
import { clipProbabilities, lossDifferenceBound } from "../../src/metrics/clip.ts";
import { comparePairs } from "../../src/metrics/compare-pairs.ts";
import { evaluate } from "../../src/metrics/evaluate.ts";
import { labelMass } from "../../src/metrics/label-mass.ts";
import { logLosses } from "../../src/metrics/log-loss.ts";
import { rescoringNoise } from "../../src/metrics/rescoring.ts";
import { takeScored } from "../../src/metrics/scored.ts";
import { measureSlices } from "../../src/metrics/slices.ts";
import { CLASSES } from "../../src/types.ts";
import { withTie } from "../helpers/matrix.ts";
import { generatedSet } from "./generated-sets.ts";

const OPTIONS = { seed: 4, resamples: 1_000 };

describe("an evaluation", () => {
  test("of the class prior finds no gain over the class prior", () => {
    const set = generatedSet(7);
    const prior = repeatRow(set.truth.classes, classPrior(set.truth), set.groups.length);
    const { prior: found, logLoss } = evaluate({ ...set, probabilities: prior }, OPTIONS);
    expect(found.gain.mean).toBe(0);
    expect(found.logLoss).toBeCloseTo(logLoss.mean, 12);
  });

  test("counts every label once in the confusion table", () => {
    const { confusion } = evaluate(generatedSet(38), OPTIONS);
    expect(confusion.flat().reduce((sum, value) => sum + value, 0)).toBeCloseTo(500, 9);
  });

  test("of one row has numbers but no intervals", () => {
    const found = evaluate(generatedSet(0), OPTIONS);
    expect(found.logLoss.error).toBeNull();
    expect(found.calibration.bins).toBe(1);
  });

  test("of slices weighs up to the evaluation of the whole", () => {
    const set = generatedSet(8);
    const parts = measureSlices(
      set.groups.length,
      (row) => (row % 7 === 0 ? "few" : "many"),
      (rows) => evaluate(takeScored(set, rows), OPTIONS).logLoss.mean,
    );
    expect(parts.map(({ key }) => key)).toEqual(["few", "many"]);
    const whole = parts.reduce((sum, part) => sum + part.rows * part.result, 0) / 500;
    expect(whole).toBeCloseTo(evaluate(set, OPTIONS).logLoss.mean, 12);
  });
});

test("a row without a key is in no slice", () => {
  const parts = measureSlices(
    3,
    (row) => (row === 1 ? null : "x"),
    (rows) => [...rows],
  );
  expect(parts).toEqual([{ key: "x", rows: 2, result: [0, 2] }]);
});

describe("a comparison", () => {
  const set = generatedSet(9);
  const worse = clipProbabilities(set.probabilities, [0.3, 0.4]);
  const variants = [
    { name: "flat", probabilities: worse, msPerRow: 10 },
    { name: "sharp", probabilities: set.probabilities, msPerRow: 15 },
    { name: "same", probabilities: set.probabilities, msPerRow: null },
  ];

  test("pairs every two variants, adjusts for their number, and knows who is better", () => {
    const [flatSharp, flatSame, sharpSame] = comparePairs(variants, set, OPTIONS);
    expect([flatSharp, flatSame, sharpSame].map((pair) => `${pair?.first} ${pair?.second}`)).toEqual([
      "flat sharp",
      "flat same",
      "sharp same",
    ]);
    expect(flatSharp?.timeRatio).toBe(1.5);
    expect(flatSame?.timeRatio).toBeNull();
    expect(flatSharp?.p).toBeGreaterThan(flatSharp?.logLoss.error?.p ?? 1);
    expect(flatSharp?.logLoss.mean).toBe(flatSame?.logLoss.mean);
    expect(sharpSame?.logLoss.mean).toBe(0);
    expect(sharpSame?.logLoss.error?.interval).toEqual({ low: 0, high: 0 });
    expect(sharpSame?.p).toBe(1);
    expect(sharpSame?.moreRows).toBeNull();
  });

  test("of a pair turned round gives the same numbers with the other sign", () => {
    const [there] = comparePairs(variants.slice(0, 2), set, OPTIONS);
    const [back] = comparePairs(variants.slice(0, 2).reverse(), set, OPTIONS);
    expect(back?.logLoss.mean).toBeCloseTo(-(there?.logLoss.mean ?? 0), 15);
    expect(back?.logLoss.error?.interval.low).toBeCloseTo(-(there?.logLoss.error?.interval.high ?? 0), 12);
    expect(back?.accuracy.onlyFirst).toBe(there?.accuracy.onlySecond);
    expect(back?.p).toBe(there?.p);
  });
});

test("clipped rows never differ by more than the bound, and can come close to it", () => {
  const number = fc.double({ min: 0, max: 1, noNaN: true });
  const triple = fc.tuple(number, number, number).map(([a, b, c]) => {
    const sum = a + b + c;
    return sum === 0 ? [1, 0, 0] : [a / sum, b / sum, c / sum];
  });
  const clip = [0.005, 0.99] as const;
  const bound = lossDifferenceBound(CLASSES, clip);
  fc.assert(
    fc.property(triple, triple, fc.nat(2), (one, other, winner) => {
      const truth = withTie([0, 1, 2].map((k) => (k === winner ? 1 : 0)));
      const [first, second] = [one, other].map(
        (each) => logLosses(clipProbabilities(withTie(each), clip), truth)[0] ?? 0,
      );
      expect(Math.abs((first ?? 0) - (second ?? 0))).toBeLessThanOrEqual(bound);
    }),
  );
  const sure = clipProbabilities(withTie([1, 0, 0]), clip);
  const wrong = clipProbabilities(withTie([0, 0.5, 0.5]), clip);
  expect(Math.log(rowAt(sure, 0)[0] / rowAt(wrong, 0)[0])).toBeGreaterThan(bound - 0.02);
});

test("scoring again gives a noise floor: none when nothing changes, above the mean change otherwise", () => {
  const set = generatedSet(7);
  const same = rescoringNoise(set.probabilities, set.probabilities, set, OPTIONS);
  expect(same).toMatchObject({ largest: 0, noise: 0 });
  const coarse = clipProbabilities(set.probabilities, [0.05, 0.95]);
  const noisy = rescoringNoise(set.probabilities, coarse, set, OPTIONS);
  expect(noisy.noise).toBeGreaterThan(Math.abs(noisy.change.mean));
  expect(noisy.noise).toBeLessThan(noisy.largest);
});

test("label mass leaves out rows where it is unknown, and is null when it always is", () => {
  expect(labelMass(Float64Array.of(Number.NaN, 0.5, 0.1, 0.9))).toEqual({
    rows: 3,
    median: 0.5,
    low: 0.14,
    smallest: 0.1,
  });
  expect(labelMass(Float64Array.of(Number.NaN))).toBeNull();
});

test("the log loss of a sure mistake is that of the smallest probability scikit-learn knows", () => {
  expect(logLosses(withTie([0, 1, 0]), withTie([1, 0, 0]))[0]).toBeCloseTo(52 * Math.LN2, 12);
});
