import { describe, expect, test } from "vitest";
import {
  FILTER_SIZE,
  learn,
  logLikelihoodOf,
  loosen,
  mergeFilters,
  predict,
  startFilter,
} from "../../src/forecast/filter.ts";
import golden from "../fixtures/forecast/golden.json" with { type: "json" };

const { beliefs, windows, rowMs, sure } = golden;

/** All beliefs' filters in one array, as a mixture has them, after all windows. */
function learned(): Float64Array {
  const all = new Float64Array(beliefs.length * FILTER_SIZE);
  for (const [i, belief] of beliefs.entries()) {
    startFilter(all, i * FILTER_SIZE, belief, rowMs, sure);
    for (const { z, ...observation } of windows) learn(all, i * FILTER_SIZE, belief, z, observation);
  }
  return all;
}

function expectClose(actual: number, expected: number, scale = Math.abs(expected)): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, scale));
}

describe("the filter against a Kalman filter in textbook form", () => {
  const all = learned();

  test.each(golden.filters.map((filter, i) => ({ filter, i })))("learns the same mean and covariance ($i)", (data) => {
    const { filter, i } = data;
    const at = i * FILTER_SIZE;
    for (const [j, value] of filter.mean.entries()) expectClose(all[at + j] ?? Number.NaN, value);
    const scale = Math.max(...filter.cov.flat().map(Math.abs));
    for (const [j, value] of filter.cov.flat().entries()) expectClose(all[at + 5 + j] ?? Number.NaN, value, scale);
    expectClose(logLikelihoodOf(all, at), filter.logLikelihood);
  });

  test("foresees the same time and spread, to the end and to the end of a window", () => {
    for (const [i, belief] of beliefs.entries()) {
      const end = predict(all, i * FILTER_SIZE, belief, golden.far, null);
      expectClose(end.mean / (golden.predictEnd[i]?.mean ?? 0), 1, 1e3);
      expectClose(end.variance / (golden.predictEnd[i]?.variance ?? 0), 1, 1e4);
      const window = predict(all, i * FILTER_SIZE, belief, golden.near, golden.next);
      expectClose(window.mean / (golden.predictWindow[i]?.mean ?? 0), 1, 1e3);
      expectClose(window.variance / (golden.predictWindow[i]?.variance ?? 0), 1, 1e4);
    }
  });

  test("merges filters to the mean and covariance of their mixture, and tempers the likelihood", () => {
    const merged = all.slice();
    mergeFilters(merged, golden.weights, 0.5);
    for (let i = 0; i < beliefs.length; i++) {
      const at = i * FILTER_SIZE;
      for (const [j, value] of golden.merged.mean.entries()) expectClose(merged[at + j] ?? Number.NaN, value);
      const scale = Math.max(...golden.merged.cov.flat().map(Math.abs));
      for (const [j, value] of golden.merged.cov.flat().entries()) {
        expectClose(merged[at + 5 + j] ?? Number.NaN, value, scale);
      }
      expectClose(logLikelihoodOf(merged, at), 0.5 * logLikelihoodOf(all, at));
    }
  });
});

test("a filter that is loosened keeps its costs and doubts their level", () => {
  const [belief] = beliefs;
  if (belief === undefined) throw new Error("no belief");
  const all = learned();
  const before = predict(all, 0, belief, golden.far, null);
  loosen(all, 0, belief, 1);
  const after = predict(all, 0, belief, golden.far, null);
  expect(Math.abs(after.mean / before.mean - 1)).toBeLessThan(0.2);
  expect(Math.sqrt(after.variance) / after.mean).toBeGreaterThan(0.9);
});

test("work of nothing takes no time", () => {
  const [belief] = beliefs;
  if (belief === undefined) throw new Error("no belief");
  expect(predict(learned(), 0, belief, [0, 0, 0], null)).toEqual({ mean: 0, variance: 0 });
});
