import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatCount,
  formatDuration,
  formatFixed,
  formatMass,
  formatPercent,
  formatSignificant,
  parseDuration,
  plural,
} from "../src/format.ts";

test.each([
  ["9h", 32_400_000],
  ["8h55m", 32_100_000],
  ["90 s", 90_000],
  ["1.5h", 5_400_000],
  ["500ms", 500],
  [" 1d 2h ", 93_600_000],
  ["1m 500ms", 60_500],
  ["9 hours", 32_400_000],
  ["1 hour 30 minutes", 5_400_000],
  ["2 days", 172_800_000],
  ["10 min", 600_000],
  ["1 sec", 1_000],
  ["90 min", 5_400_000],
  ["1h30", 5_400_000],
  ["1h 05", 3_900_000],
  ["2m30", 150_000],
  ["1h30m15", 5_415_000],
  ["1 hour and 30 minutes", 5_400_000],
  ["1 day, 2 hours", 93_600_000],
])("reads %j as %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  "",
  "9",
  "h",
  "9 weeks",
  "-1h",
  "1h-2m",
  "1,5h",
  "18:30",
  "1e3s",
  "9h x",
  "9H",
  "1h,",
  "1h and",
  "30s15",
  "1d2",
  "1h300",
  "and 1h",
])("refuses %j", (text) => {
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

test.each([
  [0, "0 ms"],
  [-0.2, "0 ms"],
  [35, "35 ms"],
  [999.4, "999 ms"],
  [999.6, "1 s"],
  [12_440, "12.4 s"],
  [59_960, "1m00s"],
  [3_599_600, "1h00m"],
  [-60_000, "-1m00s"],
])("writes %d ms precisely as %j", (ms, text) => {
  expect(formatDuration(ms, { precise: true })).toBe(text);
});

test("groups the thousands of a count and rounds it", () => {
  expect([formatCount(25_000.4), formatCount(-0.3), formatCount(12.5, 1), formatCount(3, 1)]).toEqual([
    "25,000",
    "0",
    "12.5",
    "3",
  ]);
});

test("writes one thing in the singular, and every other number of things in the plural", () => {
  expect([0, 1, 2, 25_000].map((value) => plural(value, "row"))).toEqual(["0 rows", "1 row", "2 rows", "25,000 rows"]);
  expect([1, 3].map((value) => plural(value, "child", "children"))).toEqual(["1 child", "3 children"]);
});

test("writes no minus sign before a zero", () => {
  expect([formatFixed(-0.0001, 3), formatFixed(-0.5, 2), formatPercent(-0.0001)]).toEqual(["0.000", "-0.50", "0 %"]);
});

test("writes a share in percent", () => {
  expect([formatPercent(0.1849), formatPercent(0.1849, 1)]).toEqual(["18 %", "18.5 %"]);
});

test("keeps the digits that count of a tiny number", () => {
  expect([0.0011, 1.234e-7, 0.5].map((value) => formatSignificant(value))).toEqual(["0.0011", "1.2e-7", "0.5"]);
  expect([formatMass(0.98765), formatMass(6.04e-11)]).toEqual(["0.988", "6e-11"]);
});
