import fc from "fast-check";
import { expect, test } from "vitest";
import { fitRowTime, forecastWork, spreadWithin, type TimedWork } from "../../src/bench/fit.ts";
import { forecastJob } from "../../src/bench/forecast.ts";
import type { Config } from "../../src/config/config.ts";

const JOB = { rows: 1_000, tokens: 400_000 };
const work = (ms: number, rows = 6): TimedWork => ({ ms, rows, tokens: 400 * rows });

const measured = fc.array(
  fc.record({
    ms: fc.double({ min: 0.5, max: 2_000, noNaN: true }),
    rows: fc.integer({ min: 1, max: 50 }),
    tokens: fc.integer({ min: 100, max: 20_000 }),
  }),
  { minLength: 1, maxLength: 8 },
);

test("an interval is above 0 and holds the value, whatever was measured", () => {
  fc.assert(
    fc.property(measured, fc.array(measured, { maxLength: 4 }), (own, others) => {
      const { value, low, high } = forecastWork(fitRowTime(own, spreadWithin(others)), JOB);
      expect(low).toBeGreaterThan(0);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(value / low).toBeCloseTo(high / value, 6);
    }),
  );
});

test("with two measurements the interval is that of the spread at the other settings, not one without use", () => {
  const own = [work(30), work(45)];
  const ratioOf = ({ value, high }: { readonly value: number; readonly high: number }): number => high / value;
  expect(ratioOf(forecastWork(fitRowTime(own), JOB))).toBeGreaterThan(3);
  const others = [
    [work(60), work(75), work(66)],
    [work(40), work(52), work(47)],
  ];
  expect(ratioOf(forecastWork(fitRowTime(own, spreadWithin(others)), JOB))).toBeLessThan(1.6);
  // Enough measurements of its own speak for themselves.
  const many = [30, 33, 31, 35, 32, 30, 34].map((ms) => work(ms));
  const noisy = [[work(10), work(500), work(40)]];
  expect(fitRowTime(many, spreadWithin(noisy))).toEqual(fitRowTime(many));
});

test("the start-up is in the forecast, and may take half or twice as long", () => {
  const fit = fitRowTime([30, 31, 30, 31, 30, 31].map((ms) => work(ms)));
  const config = { orders: "one", time: { deadline: null, startedAt: null, reserveMs: 0 } } as Pick<
    Config,
    "orders" | "time"
  >;
  const forecast = (startUpMs: number) =>
    forecastJob({ config, fit, rows: 20, meanTokens: 400, startUpMs, now: 0 }).time;
  const without = forecast(0);
  const { value, low, high } = forecast(3_000);
  expect(value).toBeCloseTo(without.value + 3_000, 6);
  expect(low).toBeGreaterThan(1_500);
  expect(low).toBeLessThan(without.low + 1_510);
  expect(high).toBeGreaterThan(without.high + 5_900);
});
