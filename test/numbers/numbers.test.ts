import { describe, expect, test } from "vitest";
import { fitLine } from "../../src/numbers/line.ts";
import { median, quantileSorted, quantiles } from "../../src/numbers/quantile.ts";
import { spreadSample } from "../../src/numbers/spread-sample.ts";
import { logSumExp, mean, subtract, sum } from "../../src/numbers/sums.ts";

describe("sums", () => {
  test("add up lists and typed arrays; a mean of nothing is NaN", () => {
    expect([sum([]), sum([1, 2.5]), sum(Float64Array.of(1, 2.5))]).toEqual([0, 3.5, 3.5]);
    expect(mean(Float64Array.of(1, 2, 6))).toBe(3);
    expect(mean([])).toBeNaN();
  });

  test("differences are taken number by number", () => {
    expect([...subtract(Float64Array.of(3, 5), Float64Array.of(1, 7))]).toEqual([2, -2]);
  });

  // scipy.special.logsumexp
  test("a logarithm of a sum of exponentials neither overflows nor vanishes", () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000.6931471805599, 12);
    expect(logSumExp([-1000, -1001])).toBeCloseTo(-999.6867383124818, 12);
    expect(logSumExp([Number.NEGATIVE_INFINITY, 0])).toBe(0);
    expect([logSumExp([]), logSumExp([Number.NEGATIVE_INFINITY])]).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});

describe("quantiles", () => {
  // numpy.quantile([1, 2, 4, 8], q), default method.
  test.each([
    [0, 1],
    [0.05, 1.15],
    [0.5, 3],
    [0.995, 7.94],
    [1, 8],
  ])("at level %d agree with numpy", (level, expected) => {
    expect(quantileSorted([1, 2, 4, 8], level)).toBeCloseTo(expected, 12);
    expect(quantiles([8, 1, 4, 2], [level])[0]).toBeCloseTo(expected, 12);
  });

  test("of nothing are NaN, of one value that value", () => {
    expect([median([]), quantileSorted([], 0.5)]).toEqual([Number.NaN, Number.NaN]);
    expect(quantiles([3], [0, 0.3, 1])).toEqual([3, 3, 3]);
  });

  test("leave the values as they are", () => {
    const values = [3, 1, 2];
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });

  test("a level outside 0 to 1 is a mistake of the caller", () => {
    expect(() => quantileSorted([1], 95)).toThrow("q must lie in [0, 1], got 95");
  });
});

describe("a line", () => {
  // numpy.polyfit([1, 2, 4, 7], [2, 3, 7, 9], 1)
  test("is fitted as numpy does", () => {
    const { offset, slope } = fitLine([1, 2, 4, 7], [2, 3, 7, 9]);
    expect(slope).toBeCloseTo(1.2142857142857142, 12);
    expect(offset).toBeCloseTo(1, 12);
  });

  test("is level where all x are equal", () => {
    expect(fitLine([2, 2], [1, 3])).toEqual({ offset: 2, slope: 0 });
  });
});

describe("a sample spread over rows", () => {
  test("holds the first and the last row, and all of them when there are few", () => {
    expect(spreadSample(11, 3)).toEqual([0, 5, 10]);
    expect(spreadSample(2, 3)).toEqual([0, 1]);
    expect(spreadSample(9, 1)).toEqual([0]);
  });
});
