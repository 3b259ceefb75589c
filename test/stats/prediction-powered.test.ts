import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalQuantile } from "../../src/numbers/normal.ts";
import { seededGenerator } from "../../src/numbers/random.ts";
import { labelsNeeded } from "../../src/stats/labels-needed.ts";
import { predictionPowered } from "../../src/stats/prediction-powered.ts";
import golden from "../fixtures/stats/powered.json" with { type: "json" };

const OPTIONS = { seed: 1, resamples: 500 };

interface Case {
  readonly labelled: readonly number[];
  readonly values: readonly number[];
  readonly predictions: readonly number[];
  readonly weights: readonly number[] | null;
}

function powered({ labelled, values, predictions, weights }: Case) {
  return predictionPowered(
    {
      labelled: Uint32Array.from(labelled),
      values: Float64Array.from(values),
      predictions: Float64Array.from(predictions),
      weights: weights === null ? null : Float64Array.from(weights),
      groups: Uint32Array.from(predictions.keys()),
    },
    OPTIONS,
  );
}

describe("equal to ppi_py, the package of the authors of PPI++", () => {
  test.each(golden)("the point estimate at the weight that was tuned, case %#", (expected) => {
    const { mean, lambda, labelsOnly } = powered(expected);
    expect(labelsOnly.mean).toBeCloseTo(expected.atZero, 12);
    expect(lambda).not.toBe(0);
    expect(mean).toBeCloseTo(expected.atZero + lambda * (expected.atOne - expected.atZero), 10);
  });

  test.each(golden.filter(({ tuned }) => tuned !== null))(
    "estimate, weight and standard error, case %#",
    (expected) => {
      const { mean, error } = powered(expected);
      const { tuned } = expected;
      if (tuned === null || error === null) throw new Error("the case has an interval");
      const theirs = (tuned.high - tuned.low) / 2 / normalQuantile(0.975);
      // ppi_py centres the predictions of labelled and other rows each at their own mean, so that both differ by less than 1 %.
      expect(Math.abs(mean - tuned.mean)).toBeLessThan(0.01 * theirs);
      expect(Math.abs(error.standardError / theirs - 1)).toBeLessThan(0.01);
    },
  );
});

describe("a prediction-powered estimate", () => {
  test("is at most 5 % wider than that of the labels alone, whatever values, groups, weights and rows outside", () => {
    void fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 8, max: 40 }), fc.boolean(), (seed, labels, twins) => {
        const generator = seededGenerator(seed);
        const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
        const rows = labels + Math.floor(60 * uniform());
        const weights = Float64Array.from({ length: labels }, () => 0.2 + uniform());
        const average = weights.reduce((sum, weight) => sum + weight, 0) / labels;
        const { error, labelsOnly } = predictionPowered(
          {
            labelled: Uint32Array.from({ length: labels }, (_, place) => place),
            values: Float64Array.from({ length: labels }, (_, place) =>
              place > 6 && uniform() < 0.2 ? Number.NaN : uniform(),
            ),
            predictions: Float64Array.from({ length: rows }, uniform),
            weights: weights.map((weight) => weight / average),
            groups: Uint32Array.from({ length: rows }, (_, row) => (twins ? row >> 1 : row)),
          },
          OPTIONS,
        );
        if (error === null || labelsOnly.error === null) return;
        const { low, high } = labelsOnly.error.interval;
        expect(error.interval.high - error.interval.low).toBeLessThanOrEqual(1.05 * (high - low) * (1 + 1e-9));
      }),
    );
  });

  test("is that of the labels alone when all rows have labels, and when the predictions are all the same", () => {
    const values = Array.from({ length: 50 }, (_, row) => (row * 7) % 5);
    const all = { values, labelled: [...values.keys()], weights: null };
    for (const predictions of [values.map((value) => value / 2), values.map(() => 0.3)]) {
      const { mean, lambda, error, labelsOnly } = powered({ ...all, predictions });
      expect(lambda).toBe(0);
      expect({ mean, interval: error?.interval }).toEqual({
        mean: labelsOnly.mean,
        interval: labelsOnly.error?.interval,
      });
    }
  });

  test("needs few labels when the predictions are right but for a constant", () => {
    const truth = Array.from({ length: 2_000 }, (_, row) => ((row * 37) % 101) / 101);
    const labelled = Array.from({ length: 40 }, (_, place) => (place * 49 + 3) % 2_000);
    const values = labelled.map((row) => truth[row] ?? 0);
    const { mean, lambda, error, labelsOnly } = powered({
      labelled,
      values,
      predictions: truth.map((value) => value + 0.4),
      weights: null,
    });
    expect(lambda).toBeCloseTo(1, 1);
    const exact = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    expect(Math.abs(mean - exact)).toBeLessThan(0.002);
    expect(error?.standardError).toBeLessThan(0.25 * (labelsOnly.error?.standardError ?? 0));
  });

  test("covers the mean of the population in 2 standard errors of 95 %, with equal and unequal probabilities", () => {
    for (const unequal of [false, true]) {
      let covered = 0;
      const simulations = 400;
      for (let seed = 0; seed < simulations; seed += 1) {
        const { interval } = simulated(seed, unequal);
        if (interval.low <= 0.5 && interval.high >= 0.5) covered += 1;
      }
      const spread = Math.sqrt((0.95 * 0.05) / simulations);
      expect(Math.abs(covered / simulations - 0.95)).toBeLessThan(3 * spread);
    }
  });
});

/** 100 labels of 600 rows; the mean of the population is 0.5. */
function simulated(seed: number, unequal: boolean) {
  const generator = seededGenerator(seed);
  const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
  const predictions = Float64Array.from({ length: 600 }, uniform);
  const chances = predictions.map((p) => (unequal ? (100 / 600) * (0.5 + p) : 100 / 600));
  const labelled = Uint32Array.from(predictions.keys()).filter((row) => uniform() < (chances[row] ?? 0));
  const weights = Float64Array.from(labelled, (row) => 1 / (chances[row] ?? 1));
  const average = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const { error } = predictionPowered(
    {
      labelled,
      values: Float64Array.from(labelled, (row) => Number(uniform() < (predictions[row] ?? 0))),
      predictions,
      weights: weights.map((weight) => weight / average),
      groups: Uint32Array.from(predictions.keys()),
    },
    OPTIONS,
  );
  if (error === null) throw new Error("a hundred labels are enough for an interval");
  return error;
}

describe("the labels that are still needed", () => {
  const variance = { perLabel: 0.25, floor: 0 };
  test("are those of a test of fixed size", () => {
    // (1.96 + 0.8416)² · 0.25 / 0.1² = 196.2.
    expect(labelsNeeded({ difference: 0.1, variance, labels: 100, rows: 5_000 })).toBe(97);
    expect(labelsNeeded({ difference: -0.1, variance, labels: 200, rows: 5_000 })).toBe(0);
  });

  test("are unknown when all rows are too few, and when the rows themselves leave too much doubt", () => {
    expect(labelsNeeded({ difference: 0.1, variance, labels: 100, rows: 196 })).toBeNull();
    expect(
      labelsNeeded({ difference: 0.1, variance: { perLabel: 0.25, floor: 0.002 }, labels: 100, rows: 5_000 }),
    ).toBeNull();
    expect(labelsNeeded({ difference: 0, variance, labels: 100, rows: 5_000 })).toBeNull();
  });
});
