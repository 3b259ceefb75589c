import fc from "fast-check";
import { expect, test } from "vitest";
import { matrixOf, repeatRow } from "../../src/class-matrix.ts";
import { proveStep, verdictOf } from "../../src/training/proof.ts";
import { CLASSES, type PerClass } from "../../src/types.ts";

const rows = 40;
const groups = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 2));
const truth = matrixOf(
  CLASSES,
  Array.from({ length: rows }, (_, row): PerClass => (row % 2 === 0 ? [1, 0, 0] : [0, 1, 0])),
);
const good = {
  name: "good",
  probabilities: matrixOf(
    CLASSES,
    Array.from({ length: rows }, (_, row): PerClass => (row % 2 === 0 ? [0.8, 0.1, 0.1] : [0.1, 0.8, 0.1])),
  ),
};
const flat = { name: "flat", probabilities: repeatRow(CLASSES, [0.4, 0.35, 0.25], rows) };

test("a model that answers alike has lost nothing and passes", () => {
  const step = proveStep(good, good, { truth, groups }, { limit: 0.02, seed: 1 });
  expect(step).toMatchObject({ lost: 0, flips: 0, largestChange: 0, verdict: "pass", interval: { low: 0, high: 0 } });
});

test("what was lost, the changed verdicts and the largest change are named, in both directions", () => {
  const worse = proveStep(good, flat, { truth, groups }, { limit: 0.02, seed: 1 });
  const mean = -(Math.log(0.4) + Math.log(0.35)) / 2;
  expect(worse.logLoss.before).toBeCloseTo(-Math.log(0.8), 12);
  expect(worse.logLoss.after).toBeCloseTo(mean, 12);
  expect(worse.logLoss.prior).toBeCloseTo(Math.log(2), 12);
  expect(worse.lost).toBeCloseTo(mean + Math.log(0.8), 12);
  expect(worse).toMatchObject({ flips: 20, verdict: "lost", before: "good", after: "flat" });
  expect(worse.largestChange).toBeCloseTo(0.45, 12);
  const better = proveStep(flat, good, { truth, groups }, { limit: 0.02, seed: 1 });
  expect(better.lost).toBeCloseTo(-worse.lost, 12);
  expect(better.verdict).toBe("pass");
});

test("the verdict: lost beyond the limit, pass when the whole interval is within it, else unclear", () => {
  const number = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      number,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (lost, half, limit) => {
        const verdict = verdictOf(lost, { low: lost - half, high: lost + half }, limit);
        expect(verdict).toBe(lost > limit ? "lost" : lost + half <= limit ? "pass" : "unclear");
        expect(verdictOf(lost, null, limit)).toBe(lost > limit ? "lost" : "unclear");
      },
    ),
  );
});
