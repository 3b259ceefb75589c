import { describe, expect, test } from "vitest";
import { normalCdf, normalQuantile } from "../../src/numbers/normal.ts";
import { quantiles } from "../../src/numbers/quantile.ts";
import { bcaInterval, percentileInterval } from "../../src/stats/bca.ts";
import { holm } from "../../src/stats/holm.ts";
import { mcnemarExact } from "../../src/stats/mcnemar.ts";
import { rowsNeeded } from "../../src/stats/rows-needed.ts";
import { wilsonInterval } from "../../src/stats/wilson.ts";
import golden from "../fixtures/stats/golden.json" with { type: "json" };

type Numbers = readonly number[];

describe("equal to scipy, numpy and statsmodels", () => {
  test("the normal distribution function, also far out, relative to its size", () => {
    for (const [x, expected] of golden.normalCdf as readonly Numbers[]) close(normalCdf(x ?? 0), expected);
  });

  test("the normal quantile, also far out", () => {
    for (const [p, expected] of golden.normalQuantile as readonly Numbers[])
      close(normalQuantile(p ?? 0), expected, 1e-11, 1e-5);
  });

  test("quantiles between neighbours", () => {
    const found = quantiles(Float64Array.from(golden.quantiles.values), golden.quantiles.levels);
    for (const [place, expected] of golden.quantiles.expected.entries()) close(found[place], expected);
  });

  test("McNemar's exact test", () => {
    for (const [first, second, expected] of golden.mcnemar as readonly Numbers[]) {
      close(mcnemarExact(first ?? 0, second ?? 0), expected);
    }
  });

  test("Wilson's interval", () => {
    for (const [hits, trials, level, low, high] of golden.wilson as readonly Numbers[]) {
      const interval = wilsonInterval(hits ?? 0, trials ?? 0, level ?? 0);
      close(interval.low, low);
      close(interval.high, high);
    }
  });

  test("Holm's adjustment", () => {
    for (const [pValues, expected] of golden.holm as readonly Numbers[][]) {
      const adjusted = holm(pValues ?? []);
      for (const [place, value] of (expected ?? []).entries()) close(adjusted[place], value);
    }
  });

  test("rows that a fixed-size test needs", () => {
    for (const [effect, spread, expected, power] of golden.rowsNeeded as readonly Numbers[]) {
      const question = { difference: effect ?? 0, standardError: (spread ?? 0) / 10, rows: 100, power: power ?? 0 };
      expect(rowsNeeded(question)).toBe(Math.ceil(expected ?? 0));
    }
  });

  test.each(golden.bootstrap)("percentile and BCa intervals of scipy's own bootstrap distribution", (expected) => {
    const sorted = Float64Array.from(expected.distribution).sort();
    const total = { sum: sumOf(expected.sums), rows: sumOf(expected.sizes) };
    const jackknife = Float64Array.from(expected.sums, (sum, group) => {
      return (total.sum - sum) / (total.rows - (expected.sizes[group] ?? 0));
    });
    const percentile = percentileInterval(sorted, 0.95);
    const bca = bcaInterval(sorted, { estimate: total.sum / total.rows, jackknife }, 0.95);
    for (const [found, [low, high]] of [
      [percentile, expected.percentile],
      [bca, expected.bca],
    ] as const) {
      close(found.low, low);
      close(found.high, high);
    }
  });
});

function sumOf(values: Numbers): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function close(found: number | undefined, expected: number | undefined, relative = 1e-11, smallest = 0): void {
  expect(found).toBeTypeOf("number");
  const scale = Math.max(Math.abs(expected ?? Number.NaN), smallest, 1e-300);
  expect(Math.abs((found ?? Number.NaN) - (expected ?? Number.NaN)) / scale).toBeLessThan(relative);
}
