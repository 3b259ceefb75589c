import { expect, test } from "vitest";
import { promptsRowByRow, promptsToRescore, sampleToRescore } from "../../src/compare/prompt-order.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import { CLASSES, type Order } from "../../src/types.ts";

function variant(rows: number, orders: readonly Order[], answered: readonly number[] = []) {
  const state = createRunState(rows, CLASSES);
  for (const row of answered) {
    fold(state, {
      event: "row",
      row,
      order: "ab",
      logProbs: [-1, -1, -1],
      mass: 1,
      bounded: false,
      tokens: 9,
      cutTokens: 0,
      neutralised: 0,
      tokenBudget: null,
      attempts: 1,
      request: 1,
      ms: 1,
      at: 1,
    });
  }
  return { orders, folder: { state }, again: { state: createRunState(rows, CLASSES), file: "" } };
}

test("lists every variant and order of a row before the next row, without answered prompts", () => {
  const variants = [variant(3, ["ab"], [2]), variant(3, ["ab", "ba"], [0])];
  expect([...promptsRowByRow(Uint32Array.from([2, 0, 1]), variants)]).toEqual([
    { variant: 1, row: 2, order: "ab" },
    { variant: 1, row: 2, order: "ba" },
    { variant: 0, row: 0, order: "ab" },
    { variant: 1, row: 0, order: "ba" },
    { variant: 0, row: 1, order: "ab" },
    { variant: 1, row: 1, order: "ab" },
    { variant: 1, row: 1, order: "ba" },
  ]);
});

test("samples a twentieth of the answered rows, at least 20, or all when there are fewer", () => {
  const even = (row: number): boolean => row % 2 === 0;
  const sample = sampleToRescore(2_000, 1, even);
  expect(sample).toHaveLength(50);
  expect(new Set(sample).size).toBe(50);
  expect([...sample].every(even)).toBe(true);
  expect(sampleToRescore(2_000, 1, even)).toEqual(sample);
  expect(sampleToRescore(2_000, 2, even)).not.toEqual(sample);
  expect(sampleToRescore(100, 1, () => true)).toHaveLength(20);
  expect(sampleToRescore(100, 1, (row) => row < 7)).toHaveLength(7);
});

test("lists the sample of one variant after that of the other", () => {
  const variants = [variant(3, ["ab"]), variant(3, ["ab", "ba"])];
  const samples = [Uint32Array.from([2, 0]), Uint32Array.from([1])];
  expect(
    [...promptsToRescore(variants, samples)].map(({ variant, row, order }) => `${variant} ${row} ${order}`),
  ).toEqual(["0 2 ab", "0 0 ab", "1 1 ab", "1 1 ba"]);
});
