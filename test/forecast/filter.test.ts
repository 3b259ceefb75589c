import { describe, expect, test } from "vitest";
import {
  type Features,
  type Filter,
  learn,
  loosen,
  type Observation,
  predict,
  startFilter,
} from "../../src/forecast/filter.ts";
import { forecastMixture } from "../../src/forecast/mixture.ts";
import { sum } from "../../src/numbers/sums.ts";
import golden from "../fixtures/forecast/golden.json" with { type: "json" };

const WINDOWS: readonly Observation[] = golden.windows.map(({ z, next, first, ...window }) => ({
  ...window,
  work: asFeatures(z),
  next: asFeatures(next),
  first: first === null ? null : asFeatures(first),
}));
const FILTERS: readonly Filter[] = golden.models.map((model) =>
  WINDOWS.reduce(learn, startFilter(model, golden.rowMs, golden.sure)),
);
const FAR = asFeatures(golden.far);

describe("the filter against a Kalman filter in textbook form", () => {
  test.each(golden.filters.map((expected, i) => ({ expected, i })))(
    "learns the same mean and covariance ($i)",
    ({ expected, i }) => {
      const { mean, covariance, logWeight } = filterAt(i);
      for (const [j, value] of expected.mean.entries()) expectClose(mean[j], value);
      const scale = Math.max(...expected.cov.flat().map(Math.abs));
      for (const [j, value] of expected.cov.flat().entries()) expectClose(covariance.flat()[j], value, scale);
      expectClose(logWeight, expected.logLikelihood);
    },
  );

  test("predicts the same mean and variance of a time, to the end and to the end of a window", () => {
    for (const [i, filter] of FILTERS.entries()) {
      const end = predict(filter, FAR, null);
      expectClose(end.mean / (golden.predictEnd[i]?.mean ?? 0), 1, 1e3);
      expectClose(end.variance / (golden.predictEnd[i]?.variance ?? 0), 1, 1e4);
      const window = predict(filter, asFeatures(golden.near), asFeatures(golden.next));
      expectClose(window.mean / (golden.predictWindow[i]?.mean ?? 0), 1, 1e3);
      expectClose(window.variance / (golden.predictWindow[i]?.variance ?? 0), 1, 1e4);
    }
  });

  test("counts in a mixture by its likelihood", () => {
    // Of the weights of the golden filters, one is too small to count.
    const parts = forecastMixture(FILTERS, FAR, null);
    const counted = golden.weights.filter((weight) => weight > 1e-4 * Math.max(...golden.weights));
    const [total, expected] = [sum(parts.map(({ weight }) => weight)), sum(counted)];
    expect(parts).toHaveLength(counted.length);
    for (const [i, { weight }] of parts.entries()) expectClose(weight / total, (counted[i] ?? Number.NaN) / expected);
  });
});

test("a filter that is loosened keeps its costs and doubts their level", () => {
  const before = predict(filterAt(0), FAR, null);
  const after = predict(loosen(filterAt(0), 1), FAR, null);
  expect(Math.abs(after.mean / before.mean - 1)).toBeLessThan(0.2);
  expect(Math.sqrt(after.variance) / after.mean).toBeGreaterThan(0.9);
});

test("work of nothing takes no time", () => {
  expect(predict(filterAt(0), [0, 0, 0], null)).toEqual({ mean: 0, variance: 0 });
});

function filterAt(i: number): Filter {
  const filter = FILTERS[i];
  if (filter === undefined) throw new Error(`the golden values have no filter ${i}`);
  return filter;
}

function asFeatures([rows = Number.NaN, tokens = Number.NaN, squares = Number.NaN]: readonly number[]): Features {
  return [rows, tokens, squares];
}

function expectClose(actual: number | undefined, expected: number, scale = Math.abs(expected)): void {
  expect(Math.abs((actual ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, scale));
}
