import fc from "fast-check";
import { expect, test } from "vitest";
import { fitRowTime, forecastWork } from "../../src/bench/fit.ts";
import { seeded } from "../helpers/random.ts";

/** Sum of uniforms: about normal, mean 0, variance 1. */
function gauss(random: () => number): number {
  return Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
}

test("finds the time of a row and of a token", () => {
  const positive = fc.double({ min: 0.1, max: 100, noNaN: true });
  const lengths = fc.uniqueArray(fc.integer({ min: 20, max: 2_000 }), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(positive, positive, lengths, (rowMs, tokenMs, each) => {
      fc.pre(Math.max(...each) > 1.5 * Math.min(...each));
      const fit = fitRowTime(
        each.map((length, k) => {
          const rows = 5 + k;
          return { rows, tokens: rows * length, ms: rows * (rowMs + tokenMs * length) };
        }),
      );
      const work = { rows: 1_000, tokens: 300_000 };
      expect(forecastWork(fit, work).value / (1_000 * rowMs + 300_000 * tokenMs)).toBeCloseTo(1, 4);
    }),
  );
});

test("gives no negative cost, and needs only one measurement", () => {
  const falling = [
    { rows: 10, tokens: 1_000, ms: 900 },
    { rows: 10, tokens: 2_000, ms: 800 },
    { rows: 10, tokens: 3_000, ms: 700 },
  ];
  const fit = fitRowTime(falling);
  expect(fit).toMatchObject({ tokenMs: 0 });
  expect(fit.rowMs).toBeGreaterThan(0);
  expect(forecastWork(fitRowTime(falling.slice(0, 1)), { rows: 20, tokens: 2_000 }).value).toBeCloseTo(1_800, 6);
  expect(() => fitRowTime([])).toThrow("at least one");
});

test("gives about the same forecast when a stall lengthens one measurement and shortens the next", () => {
  const measured = [120, 200, 260, 340, 420, 600].map((length) => ({
    rows: 6,
    tokens: 6 * length,
    ms: 6 * 0.5 * length,
  }));
  const stalled = measured.map((one, k) => ({ ...one, ms: k === 2 ? one.ms + 1_015 : k === 3 ? 5 : one.ms }));
  const work = { rows: 600, tokens: 600 * 300 };
  expect(forecastWork(fitRowTime(stalled), work).value / forecastWork(fitRowTime(measured), work).value).toBeCloseTo(
    1,
    1,
  );
});

test("covers the true time of a whole job in 90 to 99 % of the cases, with 2 % and with 10 % noise", () => {
  const random = seeded(11);
  for (const noise of [0.02, 0.1]) {
    let covered = 0;
    const cases = 600;
    for (let k = 0; k < cases; k += 1) {
      const measured = Array.from({ length: 10 }, (_, j) => {
        const [rows, length] = [6, 80 + 40 * j];
        return { rows, tokens: rows * length, ms: rows * (5 + 1.5 * length) * (1 + noise * gauss(random)) };
      });
      const { low, high } = forecastWork(fitRowTime(measured), { rows: 600, tokens: 600 * 260 });
      const truth = 600 * (5 + 1.5 * 260);
      if (low <= truth && truth <= high) covered += 1;
    }
    expect(covered / cases).toBeGreaterThan(0.9);
    expect(covered / cases).toBeLessThan(0.99);
  }
});
