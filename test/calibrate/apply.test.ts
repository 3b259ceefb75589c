import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyCalibration, type Parameters } from "../../src/calibrate/apply.ts";
import { rawProbabilities } from "../../src/calibrate/readings.ts";
import { sum } from "../../src/numbers/sums.ts";
import type { PerClass } from "../../src/types.ts";

const logProb = fc.double({ min: -60, max: 0, noNaN: true });
const shown: fc.Arbitrary<PerClass> = fc.tuple(logProb, logProb, logProb);
const small = fc.double({ min: -3, max: 3, noNaN: true });
const factor = fc.double({ min: 0, max: 3, noNaN: true });
const NOTHING: Parameters = { scale: 1, bias: [0, 0, 0], first: 0, both: 1 };

function parameters(lean: fc.Arbitrary<number>): fc.Arbitrary<Parameters> {
  return fc.record({ scale: factor, lean, tie: small, first: small, both: factor }).map(({ lean, tie, ...rest }) => ({
    ...rest,
    bias: [lean, -lean, tie] as const,
  }));
}

describe("a calibration", () => {
  test("gives probabilities that sum to 1, whatever the reading", () => {
    fc.assert(
      fc.property(parameters(small), shown, fc.option(shown), (given, ab, ba) => {
        const probabilities = applyCalibration(given, { ab, ba });
        expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
        expect(sum(probabilities)).toBeCloseTo(1, 12);
      }),
    );
  });

  test("without a liking for a or b treats a row with its answers exchanged as its mirror image", () => {
    fc.assert(
      fc.property(parameters(fc.constant(0)), shown, shown, (given, one, other) => {
        const [a, b, tie] = applyCalibration(given, { ab: one, ba: other });
        const mirrored = applyCalibration(given, { ab: other, ba: one });
        expect(mirrored[0]).toBeCloseTo(b, 12);
        expect(mirrored[1]).toBeCloseTo(a, 12);
        expect(mirrored[2]).toBeCloseTo(tie ?? Number.NaN, 12);
      }),
    );
  });

  test("of a judge without a tie gives two probabilities, and three have nothing to do with them", () => {
    const logProb = fc.double({ min: -20, max: 0, noNaN: true });
    fc.assert(
      fc.property(parameters(small), logProb, logProb, (given, a, b) => {
        const two: Parameters = { ...given, bias: [given.bias[0], given.bias[1]] };
        const probabilities = applyCalibration(two, { ab: [a, b], ba: null });
        expect(probabilities).toHaveLength(2);
        // The tie of three classes, left out, gives the same ratio.
        const three = applyCalibration(given, { ab: [a, b, -25], ba: null });
        expect(probabilities[0]).toBeCloseTo(three[0] / (three[0] + three[1]), 9);
      }),
    );
  });

  test("that changes nothing leaves a single reading as it is", () => {
    fc.assert(
      fc.property(shown, (ba) => {
        const raw = rawProbabilities({ ab: null, ba });
        const calibrated = applyCalibration(NOTHING, { ab: null, ba });
        for (const place of [0, 1, 2] as const) expect(calibrated[place]).toBeCloseTo(raw[place] ?? Number.NaN, 12);
      }),
    );
  });

  test("takes a liking for the first answer away from whichever was first", () => {
    const lessFirst = { ...NOTHING, first: -Math.log(4) };
    const reading = [Math.log(0.8), Math.log(0.2), -30] as const;
    expect(applyCalibration(lessFirst, { ab: reading, ba: null })[0]).toBeCloseTo(0.5, 9);
    expect(applyCalibration(lessFirst, { ab: null, ba: reading })[1]).toBeCloseTo(0.5, 9);
  });

  test("refuses a row that was never read, which is a bug of the caller", () => {
    expect(() => applyCalibration(NOTHING, { ab: null, ba: null })).toThrow("without any reading");
  });
});

test("raw probabilities of both orders are the mean of each, in the file's terms", () => {
  const raw = rawProbabilities({
    ab: [Math.log(0.6), Math.log(0.3), Math.log(0.1)],
    ba: [Math.log(0.1), Math.log(0.2), Math.log(0.1)],
  });
  expect(raw[0]).toBeCloseTo((0.6 + 0.5) / 2, 12);
  expect(raw[1]).toBeCloseTo((0.3 + 0.25) / 2, 12);
  expect(raw[2]).toBeCloseTo((0.1 + 0.25) / 2, 12);
});

test("a label with probability 0 counts as exp(-30), not as impossible", () => {
  const raw = rawProbabilities({ ab: [0, Number.NEGATIVE_INFINITY, -9999], ba: null });
  expect(raw[1]).toBeCloseTo(Math.exp(-30), 20);
  expect(raw[2]).toBeGreaterThan(0);
});
