import { describe, expect, test } from "vitest";
import {
  count,
  counted,
  duration,
  fixed,
  moment,
  percent,
  probability,
  range,
  signed,
  typesetSentence,
} from "../../src/report/text/number.ts";

const NBSP = "\u00a0";

describe("numbers as text", () => {
  test("have a fixed count of decimals, a real minus sign and no minus zero", () => {
    expect(fixed(1.2345, 3)).toBe("1.234");
    expect(fixed(-0.5, 2)).toBe("−0.50");
    expect(fixed(-0.0001, 3)).toBe("0.000");
    expect(signed(0.02, 3)).toBe("+0.020");
    expect(signed(-0.02, 3)).toBe("−0.020");
    expect(signed(0.0001, 3)).toBe("0.000");
  });

  test("show a dash when they are missing or not finite", () => {
    for (const missing of [null, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect([fixed(missing, 2), count(missing), percent(missing), duration(missing), probability(missing)]).toEqual(
        Array.from({ length: 5 }, () => "–"),
      );
    }
  });

  test("group thousands, and keep a percent sign on its number", () => {
    expect(count(25_000.4)).toBe("25,000");
    expect([counted(1, "row"), counted(2000, "row")]).toEqual([`1${NBSP}row`, `2,000${NBSP}rows`]);
    expect(percent(0.1849, 1)).toBe(`18.5${NBSP}%`);
  });

  test("p values below a thousandth are not given to more digits than they deserve", () => {
    expect(probability(0.00002)).toBe(`<${NBSP}0.001`);
    expect(probability(0.0321)).toBe("0.032");
  });

  test("an interval without ends is no text", () => {
    expect(range({ value: 1, low: null, high: 2 }, String)).toBe("");
    expect(range({ value: 1, low: 0.5, high: 2 }, String)).toBe("0.5 to 2");
  });

  test.each([
    [35, `35${NBSP}ms`],
    [999.4, `999${NBSP}ms`],
    [999.6, `1${NBSP}s`],
    [12_440, `12.4${NBSP}s`],
    [59_960, "1m00s"],
    [185_000, "3m05s"],
    [3_599_600, "1h00m"],
    [24_060_000, "6h41m"],
    [-60_000, "−1m00s"],
    [0, `0${NBSP}ms`],
  ])("%d ms are %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test("a moment is given in UTC", () => {
    expect(moment(Date.UTC(2025, 2, 14, 9, 26, 53))).toBe("2025-03-14 09:26 UTC");
  });

  test("a sentence keeps its percent signs with their numbers, and has the minus of the tables", () => {
    expect(typesetSentence("a-1 is ahead, 95 % -0.1 to 0.2; b costs 4 % less")).toBe(
      "a-1 is ahead, 95\u00a0% \u22120.1 to 0.2; b costs 4\u00a0% less",
    );
  });
});
