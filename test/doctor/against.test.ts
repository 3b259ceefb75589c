import { expect, test } from "vitest";
import { compareReadings } from "../../src/doctor/against.ts";
import type { PerClass, Reading } from "../../src/types.ts";

const reading = (logProbs: PerClass, more: Partial<Reading> = {}): Reading => {
  return { logProbs, mass: 0.9, bounded: false, ...more };
};

test("equal answers differ by nothing", () => {
  const one = [reading([-1, -2, -3]), reading([-2, -1, Number.NEGATIVE_INFINITY])];
  expect(compareReadings(one, one)).toEqual({ rows: 2, largest: 0, mean: 0, flips: 0, absolute: true, bounded: 0 });
});

test("the differences are those of every label, and a flip is another most probable label", () => {
  const one = [reading([-1, -2, -3]), reading([-1, -1.5, -4])];
  const other = [reading([-1.5, -2, -3.25]), reading([-1.75, -1.5, -4])];
  const found = compareReadings(one, other);
  expect(found).toMatchObject({ rows: 2, largest: 0.75, flips: 1, absolute: true });
  expect(found.mean).toBeCloseTo((0.5 + 0.25 + 0.75) / 6, 12);
});

test("without a label mass the probabilities among the labels are compared", () => {
  const one = [reading([-1, -2, -3])];
  const shifted = [reading([-5, -6, -7], { mass: null })];
  const found = compareReadings(one, shifted);
  expect(found.absolute).toBe(false);
  expect(found.largest).toBeCloseTo(0, 12);
});

test("a row with a label that is only bounded is not compared", () => {
  const one = [reading([-1, -2, -3]), reading([-1, -2, -3])];
  const other = [reading([-9, -1, -3], { bounded: true }), reading([-1, -2, -3])];
  expect(compareReadings(one, other)).toMatchObject({ rows: 1, largest: 0, flips: 0, bounded: 1 });
});

test("a label that is impossible for one engine only differs without limit", () => {
  const found = compareReadings([reading([-1, -2, Number.NEGATIVE_INFINITY])], [reading([-1, -2, -30])]);
  expect(found.largest).toBe(Number.POSITIVE_INFINITY);
});
