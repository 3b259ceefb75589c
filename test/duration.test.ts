import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../src/duration.ts";

test.each([
  ["9h", 32_400_000],
  ["8h55m", 32_100_000],
  ["90 s", 90_000],
  ["1.5h", 5_400_000],
  ["500ms", 500],
  [" 1d 2h ", 93_600_000],
  ["1m 500ms", 60_500],
])("reads %j as %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "9", "h", "9 hours", "-1h", "1h-2m", "1,5h", "18:30", "1e3s", "9h x"])("refuses %j", (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each([
  [0, "0 s"],
  [-400, "0 s"],
  [12_400, "12 s"],
  [59_500, "1m00s"],
  [245_000, "4m05s"],
  [3_599_600, "1h00m"],
  [13_170_000, "3h40m"],
  [86_400_000, "24h00m"],
  [-245_000, "-4m05s"],
])("writes %i ms as %j", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("reads what it wrote, to the precision of the smaller unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ms) => {
      const precision = ms < 3_599_500 ? 1_000 : 60_000;
      // Hours and minutes are rounded from whole seconds, so half a second may come on top.
      expect(Math.abs((parseDuration(formatDuration(ms)) ?? Number.NaN) - ms)).toBeLessThanOrEqual(precision / 2 + 500);
    }),
  );
});
