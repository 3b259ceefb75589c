import { describe, expect, test } from "vitest";
import { meanByClass } from "../../src/classes.ts";
import { observe } from "../../src/deadline/observe.ts";
import { fitSwapModel, logOdds, positionBias } from "../../src/deadline/swap-model.ts";
import type { SwapRow } from "../../src/deadline/swap-pass.ts";
import { expectedGain, rankForSwapPass, type Scale, uncertainty } from "../../src/deadline/swap-ranking.ts";
import type { PerClass } from "../../src/types.ts";
import { type Judge, type JudgedRow, judgeRows } from "./biased-judge.ts";
import { drive, newState, stepsOf } from "./states.ts";

const OVERCONFIDENT: readonly (readonly [string, Judge])[] = [
  ["favours the first shown a lot", { bias: 1, slope: 1.6, rowError: 0.8, orderError: 1.2 }],
  ["favours the last shown", { bias: -0.8, slope: 1.6, rowError: 0.8, orderError: 1.2 }],
];
const SOBER: readonly (readonly [string, Judge])[] = [
  ["favours the first shown a little", { bias: 0.4, slope: 0.9, rowError: 0.6, orderError: 0.6 }],
  ["favours the first shown a lot", { bias: 1.2, slope: 0.9, rowError: 0.6, orderError: 0.6 }],
];
const SEEDS = [1, 2, 3];

describe("the rows that are worth the swapped order most, at 40 % of the cost of all", () => {
  test.each(OVERCONFIDENT)("give over 80 % of the gain in log loss with an overconfident judge who %s", (_, judge) => {
    for (const seed of SEEDS) expect(gainShare(judgeRows(seed, 6_000, judge), "raw")).toBeGreaterThan(0.8);
  });

  test.each(SOBER)("gain nearly as much as the best choice for a known judge, with a sober one who %s", (_, judge) => {
    const sets = SEEDS.map((seed) => judgeRows(seed, 6_000, judge));
    const best = mean(sets.map((rows) => bestShare(rows, judgeRows(100, 40_000, judge))));
    expect(mean(sets.map((rows) => gainShare(rows, "raw")))).toBeGreaterThan(0.93 * best);
    expect(mean(sets.map((rows) => gainShare(rows, "raw")))).toBeGreaterThan(0.75);
  });

  test("give far more than as much cost in rows in no order", () => {
    for (const seed of SEEDS) {
      const rows = judgeRows(seed, 6_000, { bias: 0.8, slope: 1.6, rowError: 0.8, orderError: 1.2 });
      expect(gainShare(rows, "raw")).toBeGreaterThan(1.6 * gainOf(rows, within(rows, [...rows.keys()], 0.4)));
    }
  });

  test("give more than half of the gain when a calibration has taken the bias away", () => {
    const rows = judgeRows(5, 8_000, { bias: 0.8, slope: 1.4, rowError: 0.6, orderError: 0.9 });
    const calibrated = rows.map((row) => ({ ...row, first: shift(row.first, -0.8), second: shift(row.second, 0.8) }));
    expect(gainShare(calibrated, "calibrated")).toBeGreaterThan(0.5);
  });
});

describe("the worth of a row", () => {
  test("is high for a confident answer in favour of the first shown, and low for one against it", () => {
    const model = { slope: 0.7, shift: -1.4, spread: 0.7 };
    expect(expectedGain([0.85, 0.1, 0.05], model)).toBeGreaterThan(3 * expectedGain([0.2, 0.7, 0.1], model));
    expect(expectedGain([0.3, 0.6, 0.1], { slope: 1, shift: 0, spread: 0 })).toBeCloseTo(0, 12);
  });

  test("after a calibration is how open the row is", () => {
    expect(uncertainty([0.5, 0.5, 0])).toBe(1);
    expect(uncertainty([0.98, 0.01, 0.01])).toBeLessThan(0.1);
    expect(uncertainty([0.05, 0.05, 0.9])).toBeCloseTo(0.1, 12);
  });

  test("puts the cheaper of two equal rows first", () => {
    const rows = [900, 100].map((tokens, row) => ({ row, tokens, probabilities: [0.8, 0.1, 0.1] as const }));
    const ranked = rankForSwapPass(rows, { scale: "raw", pairs: [], costOf: (tokens) => tokens });
    expect(ranked.map(({ row }) => row)).toEqual([1, 0]);
  });

  test("rests on a model that finds what the judge does", () => {
    const rows = judgeRows(6, 4_000, { bias: 0.8, slope: 1, rowError: 0, orderError: 0.5 });
    expect(positionBias(rows.map(({ first }) => first))).toBeCloseTo(0.8, 1);
    const model = fitSwapModel(rows, []);
    // Errors in the first order's log odds draw the slope below 1: 1.1² / (1.1² + 0.5²).
    expect(model.slope).toBeCloseTo(0.83, 1);
    expect(model.shift).toBeCloseTo(-0.8 - 0.83 * 0.8, 1);
  });
});

describe("the swap pass in time", () => {
  const options = { steps: stepsOf("auto", []), swapPass: { minShare: 0.02, maxShare: 1 }, deadlineMs: 400_000 };
  const ranking = Array.from(
    { length: 200 },
    (_, i): SwapRow => ({
      row: 199 - i,
      order: "ba",
      tokens: 100,
      tokenBudget: null,
    }),
  );

  test("begins when the first has ended, takes the ranking's rows in its order, and ends before work must", () => {
    const run = drive(newState(200, options));
    run.score(200, 1_000);
    expect(run.decide().swapPass).toMatchObject({ allowed: 0, needsRanking: true });
    run.update((state) => observe(state, { type: "ranked", rows: ranking }));
    const taken: number[] = [];
    for (let decision = run.decide(); decision.stop === null; decision = run.decide()) {
      taken.push(...run.score(5, 1_000).map(({ row }) => row));
    }
    expect(taken).toEqual(ranking.slice(0, taken.length).map(({ row }) => row));
    // 189 s are left after the first pass: nearly all of them are used, and not more.
    expect(taken.length).toBeGreaterThan(170);
    expect(run.now()).toBeLessThanOrEqual(399_000);
    expect(run.decide().stop?.kind).toBe("complete");
  });

  test("goes on in a session that finds the first pass done, and measures the speed on it", () => {
    const answered = Array.from({ length: 200 }, (_, row) => row);
    const run = drive(newState(200, { ...options, answered }));
    expect(run.decide()).toMatchObject({ stop: null, swapPass: { needsRanking: true } });
    run.update((state) => observe(state, { type: "ranked", rows: ranking }));
    let taken = 0;
    for (let decision = run.decide(); decision.stop === null; decision = run.decide()) {
      taken += run.score(5, 1_000).length;
    }
    // Of 400 s, 10 were the engine's start: there is time for all of them.
    expect(taken).toBe(200);
    expect(run.now()).toBeLessThanOrEqual(399_000);
  });

  test("goes on until the speed is known, with few rows in flight, however many were answered before", () => {
    const answered = Array.from({ length: 200 }, (_, row) => row);
    const run = drive(newState(200, { ...options, answered }));
    run.decide();
    run.update((state) => observe(state, { type: "ranked", rows: ranking }));
    let taken = 0;
    // Requests that took no time tell no speed.
    for (let decision = run.decide(); decision.stop === null; decision = run.decide()) {
      expect(decision.swapPass.allowed).toBeLessThanOrEqual(20);
      taken += run.score(20, 0).length;
    }
    expect(taken).toBe(200);
  });

  test("allows fewer rows when the engine gets slow", () => {
    const run = drive(newState(200, options));
    run.score(200, 1_000);
    run.update((state) => observe(state, { type: "ranked", rows: ranking }));
    const before = run.decide().swapPass.allowed;
    run.score(15, 3_000);
    expect(run.decide().swapPass.allowed).toBeLessThan(before - 15 - 60);
  });

  test("leaves out the rows that were begun when there is a new ranking, and keeps each one's token budget", () => {
    const run = drive(newState(200, options));
    run.score(200, 500);
    run.update((state) => observe(state, { type: "ranked", rows: ranking }));
    run.decide();
    const first = run.score(10, 500).map(({ row }) => row);
    run.update((state) =>
      observe(state, { type: "ranked", rows: ranking.map((row) => ({ ...row, tokenBudget: 40 })) }),
    );
    run.decide();
    const next = run.score(10, 500);
    expect(next.map(({ row }) => row).filter((row) => first.includes(row))).toEqual([]);
    expect(next.map(({ tokenBudget, order }) => [tokenBudget, order])).toEqual(next.map(() => [40, "ba"]));
  });
});

/** Chooses 40 % of the cost in four rankings, each with the pairs found so far, and gives the share of the whole gain. */
function gainShare(rows: readonly JudgedRow[], scale: Scale): number {
  let chosen: readonly number[] = [];
  for (const share of [0.1, 0.2, 0.3, 0.4]) {
    const begun = new Set(chosen);
    const candidates = [...rows.entries()]
      .filter(([row]) => !begun.has(row))
      .map(([row, { first, tokens }]) => ({ row, tokens, probabilities: first }));
    const pairs = chosen.flatMap((row) => rows[row] ?? []);
    const ranked = rankForSwapPass(candidates, { scale, pairs, costOf: (tokens) => tokens });
    chosen = within(rows, [...chosen, ...ranked.map(({ row }) => row)], share);
  }
  return gainOf(rows, chosen);
}

/** The same with the average gain of each log odds known from many other rows. */
function bestShare(rows: readonly JudgedRow[], others: readonly JudgedRow[]): number {
  const bin = ({ first }: JudgedRow): number => Math.round(4 * logOdds(first));
  const gains = new Map<number, readonly number[]>();
  for (const row of others) gains.set(bin(row), [...(gains.get(bin(row)) ?? []).slice(-400), gainOfRow(row)]);
  const worth = rows.map((row) => mean(gains.get(bin(row)) ?? [0]) / row.tokens);
  const order = [...rows.keys()].sort((one, other) => (worth[other] ?? 0) - (worth[one] ?? 0));
  return gainOf(rows, within(rows, order, 0.4));
}

/** The first of the rows in this order that fit in a share of the whole cost. */
function within(rows: readonly JudgedRow[], order: readonly number[], share: number): readonly number[] {
  let left = share * rows.reduce((sum, { tokens }) => sum + tokens, 0);
  const end = order.findIndex((row) => {
    left -= rows[row]?.tokens ?? 0;
    return left < 0;
  });
  return order.slice(0, end);
}

/** Fall of the log loss when the chosen rows are averaged, over its fall when all are. */
function gainOf(rows: readonly JudgedRow[], chosen: readonly number[]): number {
  const gains = rows.map(gainOfRow);
  const whole = gains.reduce((sum, gain) => sum + gain, 0);
  return chosen.reduce((sum, row) => sum + (gains[row] ?? 0), 0) / whole;
}

function gainOfRow(row: JudgedRow): number {
  const [first, both] = [row.first, meanByClass([row.first, row.second])];
  return Math.log(both[row.truth] ?? Number.NaN) - Math.log(first[row.truth] ?? Number.NaN);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shift([a, b, tie = 0]: PerClass, by: number): PerClass {
  const odds = Math.log(a / b) + by;
  const won = (1 - tie) / (1 + Math.exp(-odds));
  return [won, 1 - tie - won, tie];
}
