import { expect, test } from "vitest";
import type { Forecast } from "../../src/forecast/forecast.ts";
import { addForecast, forecastErrors, type History, startHistory } from "../../src/forecast/history.ts";

/** A forecast made at `at` of an end within 90 to 110 s from then, most likely after 100 s. */
function forecastAt(at: number): Forecast {
  return {
    at,
    rows: 1,
    remainingMs: 100_000,
    lowMs: 90_000,
    highMs: 110_000,
    probability: 1,
    msPerRow: null,
    lostMs: 0,
  };
}

function historyOf(steps: readonly string[]): History {
  return steps.reduce(
    (history, step, settled) => addForecast(history, forecastAt(1_000 * settled), settled, step),
    startHistory(100),
  );
}

test("the first forecast after 2, 10 and 50 % of the rows is compared with the end", () => {
  expect(forecastErrors(historyOf(Array(60).fill("one-order")), 102_000)).toEqual([
    { share: 0.02, error: 0, covered: true },
    { share: 0.1, error: 8_000 / 92_000, covered: true },
    { share: 0.5, error: 48_000 / 52_000, covered: false },
  ]);
});

test("a forecast on another step than the last one is left out, and all of them while the pass has not ended", () => {
  const history = historyOf([...Array(20).fill("one-order"), ...Array(40).fill("short")]);
  expect(forecastErrors(history, 102_000).map(({ share }) => share)).toEqual([0.5]);
  expect(forecastErrors(history, null)).toEqual([]);
});
