import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  argmax,
  clearWinner,
  distance,
  logSoftmax,
  meanByClass,
  mix,
  softmax,
  swap,
  swapBack,
} from "../src/classes.ts";
import { sum } from "../src/numbers/sums.ts";
import type { PerClass } from "../src/types.ts";

const NOTHING = Number.NEGATIVE_INFINITY;

describe("swapping", () => {
  test("exchanges A and B, and leaves the tie", () => {
    expect(swap([0.6, 0.3, 0.1])).toEqual([0.3, 0.6, 0.1]);
  });

  test("back changes only what was shown in the swapped order", () => {
    expect(swapBack([0.6, 0.3, 0.1], "ab")).toEqual([0.6, 0.3, 0.1]);
    expect(swapBack([0.6, 0.3, 0.1], "ba")).toEqual([0.3, 0.6, 0.1]);
  });
});

describe("averages and distances", () => {
  test("the mean of two and the mix by halves are the same", () => {
    expect(
      meanByClass([
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
      ]),
    ).toEqual([0.4, 0.5, 0.1]);
    expect(mix([0.6, 0.3, 0.1], [0.2, 0.7, 0.1], 0.5)).toEqual([0.4, 0.5, 0.1]);
  });

  test("the weight of a mix is the part of the first", () => {
    expect(mix([1, 0, 0], [0, 1, 0], 0.25)).toEqual([0.25, 0.75, 0]);
  });

  test("the distance lies between 0 (equal) and 1 (nothing in common)", () => {
    expect(distance([0.6, 0.3, 0.1], [0.6, 0.3, 0.1])).toBe(0);
    expect(distance([1, 0, 0], [0, 0.5, 0.5])).toBe(1);
  });
});

describe("softmax", () => {
  // scipy.special.softmax and log_softmax
  test.each([
    [
      [0, 1, 2],
      [0.090030573170380462, 0.24472847105479764, 0.6652409557748218],
      [-2.4076059644443806, -1.4076059644443806, -0.4076059644443806],
    ],
    [
      [-1000, -1001, -1002],
      [0.6652409557748218, 0.24472847105479764, 0.090030573170380462],
      [-0.4076059644443806, -1.4076059644443806, -2.4076059644443806],
    ],
    [
      [0, NOTHING, NOTHING],
      [1, 0, 0],
      [0, NOTHING, NOTHING],
    ],
  ] as unknown as (readonly [PerClass, PerClass, PerClass])[])(
    "of %j agrees with scipy",
    (logits, expected, logarithms) => {
      for (const [k, value] of softmax(logits).entries()) expect(value).toBeCloseTo(expected[k] ?? Number.NaN, 14);
      for (const [k, value] of logSoftmax(logits).entries()) {
        if (value === NOTHING) expect(logarithms[k]).toBe(NOTHING);
        else expect(value).toBeCloseTo(logarithms[k] ?? Number.NaN, 13);
      }
    },
  );

  test("sums to 1 and does not depend on a shift, however large the logits are", () => {
    const logit = fc.double({ min: -700, max: 700, noNaN: true });
    fc.assert(
      fc.property(logit, logit, logit, (a, b, tie) => {
        const found = softmax([a, b, tie]);
        const shifted = softmax([a + 1e5, b + 1e5, tie + 1e5]);
        expect(sum(found)).toBeCloseTo(1, 14);
        for (const [k, value] of found.entries()) expect(value).toBeCloseTo(shifted[k] ?? Number.NaN, 9);
      }),
    );
  });
});

describe("the largest of three", () => {
  test("is the first of equal ones", () => {
    expect([argmax([0.2, 0.4, 0.4]), argmax([0.4, 0.4, 0.2]), argmax([0, 0, 1])]).toEqual([1, 0, 2]);
  });

  test("is a clear winner only when no other is as large", () => {
    expect([clearWinner([0.2, 0.5, 0.3]), clearWinner([0.4, 0.4, 0.2]), clearWinner(null)]).toEqual(["b", null, null]);
  });
});
