import { expect, test } from "vitest";
import { type Scorer, scoreBatch, type Task } from "../../src/judge/judge.ts";
import type { Reading } from "../../src/types.ts";

const engine = { score: async () => [], post: async () => null };
const signal = new AbortController().signal;

/** A scorer whose readings hold the row and the number of tasks that were scored together. */
function countingScorer(calls: number[][]): Scorer {
  return {
    score: async (_engine, tasks) => {
      calls.push(tasks.map(({ row }) => row));
      return tasks.map(({ row }): Reading => ({ logProbs: [-row, -tasks.length, 0], mass: null, bounded: false }));
    },
  };
}

function task(row: number, scorer: Scorer): Task {
  return { row, order: "ab", tokenBudget: null, ids: [row], cutTokens: 0, neutralised: 0, refusal: null, scorer };
}

test("scores the tasks of each scorer together and gives the readings in the order of the batch", async () => {
  const calls: number[][] = [];
  const [one, other] = [countingScorer(calls), countingScorer(calls)];
  const batch = [task(1, one), task(2, other), task(3, one), task(4, one)];
  const readings = await scoreBatch(engine, batch, signal);
  expect(calls).toEqual([[1, 3, 4], [2]]);
  expect(readings.map(({ logProbs: [row, together] }) => [-row, -together])).toEqual([
    [1, 3],
    [2, 1],
    [3, 3],
    [4, 3],
  ]);
});

test("calls it a bug when a scorer gives too few readings", async () => {
  const scorer: Scorer = { score: async () => [] };
  await expect(scoreBatch(engine, [task(1, scorer)], signal)).rejects.toThrow("every task of a batch is scored");
});
