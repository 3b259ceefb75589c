import { describe, expect, test } from "vitest";
import type { PairComparison } from "../../src/metrics/compare-pairs.ts";
import { pairSentence, sequentialSentence } from "../../src/metrics/sentence.ts";
import type { MeanError, MeanEstimate } from "../../src/stats/bootstrap.ts";
import type { SequentialState } from "../../src/stats/sequential-comparison.ts";

describe("the sentence about two variants", () => {
  test("names the better one, how sure that is, and what it costs", () => {
    expect(pairSentence(pair(0.021, 0.008, 0.034, { timeRatio: 1.09 }))).toBe(
      "b is better by 0.021 nats, 95 % 0.008 to 0.034, 412 rows; it costs 9 % more time",
    );
  });

  test("turns the interval round when the first is better", () => {
    expect(pairSentence(pair(-0.021, -0.034, -0.008, { timeRatio: 2 }))).toBe(
      "a is better by 0.021 nats, 95 % 0.008 to 0.034, 412 rows; it costs 50 % less time",
    );
  });

  test("names both when there are more than two", () => {
    expect(pairSentence(pair(0.021, 0.008, 0.034, { pairs: 3, timeRatio: 1.001 }))).toBe(
      "b is better than a by 0.021 nats, 95 % 0.008 to 0.034, 412 rows; it costs as much time",
    );
  });

  test("says what is missing when nothing is decided", () => {
    expect(pairSentence(pair(0.004, -0.01, 0.018, { p: 0.6, moreRows: 5_237 }))).toBe(
      "a and b cannot be told apart: b is ahead by 0.004 nats, 95 % -0.010 to 0.018, 412 rows; " +
        "about 5,300 more rows would settle a difference of this size",
    );
  });

  test("does not call better what only the unadjusted interval does", () => {
    expect(pairSentence(pair(0.02, 0.001, 0.039, { p: 0.12, pairs: 3, moreRows: 0 }))).toBe(
      "a and b cannot be told apart after adjusting for 3 comparisons: " +
        "b is ahead by 0.020 nats, 95 % 0.001 to 0.039, 412 rows",
    );
  });

  test("calls a difference noise when scoring again changes as much", () => {
    expect(pairSentence(pair(0.002, 0.001, 0.003, {}), 0.003)).toBe(
      "a and b differ by 0.002 nats, 95 % 0.001 to 0.003, 412 rows: " +
        "no more than scoring the same rows again does (0.003 nats)",
    );
  });

  test("refuses a verdict on three prompts", () => {
    const few = {
      ...pair(0.1, 0, 0, {}),
      logLoss: { mean: 0.1, rows: 30, groups: 3, level: 0.95, error: null },
      p: null,
    };
    expect(pairSentence(few)).toBe("a and b cannot be compared on 3 prompts (30 rows): at least 4 prompts are needed");
  });
});

describe("the sentence about a comparison that may stop early", () => {
  const names = { first: "a", second: "b", level: 0.95, margin: 0.01 };

  test.each([
    ["better", "b is better by 0.020 nats, 95 % 0.008 to 0.034 at any moment, decided after 1,412 rows of 700 prompts"],
    ["worse", "a is better by 0.020 nats, 95 % 0.008 to 0.034 at any moment, decided after 1,412 rows of 700 prompts"],
    ["equivalent", "a and b differ by less than 0.010 nats, decided after 1,412 rows of 700 prompts"],
    [
      "undecided",
      "a and b are not told apart yet: b is ahead by 0.020 nats, 95 % 0.008 to 0.034 at any moment, 1,412 rows of 700 prompts; " +
        "about 91 more rows would settle a difference of this size",
    ],
  ] as const)("when it is %s", (verdict, sentence) => {
    const sign = verdict === "worse" ? -1 : 1;
    const [low, high] = [0.008 * sign, 0.034 * sign].sort((one, other) => one - other) as [number, number];
    const interval = { low, high };
    const state: SequentialState = { verdict, groups: 700, rows: 1_412, mean: 0.02 * sign, interval, moreRows: null };
    expect(sequentialSentence(verdict === "undecided" ? { ...state, moreRows: 91 } : state, names)).toBe(sentence);
  });
});

function pair(mean: number, low: number, high: number, rest: Partial<PairComparison>): PairComparison {
  const interval = { low, high };
  const error: MeanError = { standardError: 0.007, interval, p: 0.01, percentile: interval, bca: interval };
  const logLoss: MeanEstimate = { mean, rows: 412, groups: 200, level: 0.95, error };
  const accuracy = { difference: logLoss, onlyFirst: 10, onlySecond: 20, p: 0.1 };
  return { first: "a", second: "b", pairs: 1, logLoss, p: 0.01, accuracy, moreRows: 0, timeRatio: null, ...rest };
}
