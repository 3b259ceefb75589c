import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { queueRows } from "../../src/deadline/state.ts";
import { prepareAhead } from "../../src/job/prepare-ahead.ts";
import type { Judge, Task } from "../../src/judge/judge.ts";
import { systemClock } from "../../src/system.ts";

/** A judge that counts the rows that it prepares; row 3 cannot be prepared. Each prompt has `tokens` tokens. */
function counting(promptHash: string, tokens = 10) {
  const rows: number[] = [];
  const scorer = {} as Judge["scorer"];
  const prepare: Judge["prepare"] = async (row, order, tokenBudget) => {
    rows.push(row);
    if (row === 3) throw new Error("row 3 is broken");
    return { row, order, tokenBudget, ids: new Array(tokens).fill(row), cutTokens: 0, scorer } as unknown as Task;
  };
  return { judge: { promptHash, scorer, prepare } as unknown as Judge, rows };
}

const TOKENS = [5, 9, 7, 8, 6];

function started(early: Judge, tokens: readonly number[] = TOKENS) {
  const { queue } = queueRows({ tokens, answered: [2], sample: { pilotRows: 1, rows: 1 }, seed: 1 });
  return prepareAhead({ judge: early, queue, threads: 1, clock: systemClock });
}

test("prepares the rows that are left while the engine starts, and each once", async () => {
  const early = counting("same");
  const running = counting("same");
  using ahead = started(early.judge);
  await sleep(50);
  expect(early.rows.toSorted()).toEqual([0, 1, 3, 4]);
  const judge = ahead.usedBy(running.judge);
  const task = await judge.prepare(1, "ab", null);
  expect(task).toMatchObject({ row: 1, ids: new Array(10).fill(1) });
  expect(task.scorer).toBe(running.judge.scorer);
  expect(running.rows).toEqual([]);
  await judge.prepare(1, "ab", null);
  await judge.prepare(0, "ba", null);
  await judge.prepare(0, "ab", 5);
  await expect(judge.prepare(3, "ab", null)).rejects.toThrow("row 3 is broken");
  expect(running.rows).toEqual([1, 0, 0, 3]);
});

test("forgets the prompts when the running engine has another judge", async () => {
  const early = counting("small");
  const running = counting("large");
  using ahead = started(early.judge);
  await sleep(50);
  expect(ahead.usedBy(running.judge)).toBe(running.judge);
});

test("ends when the engine is ready, and holds at most four million tokens", async () => {
  const early = counting("same", 1_000_000);
  using ahead = started(early.judge, new Array(400).fill(7));
  await sleep(300);
  // Messages of 16 rows: the one that passes the limit is the last.
  expect(early.rows).toHaveLength(16);
  ahead.usedBy(counting("same").judge);

  const endless = counting("same", 1);
  const other = started(endless.judge, new Array(40_000).fill(7));
  await sleep(20);
  other.usedBy(counting("same").judge);
  await sleep(10);
  const { length } = endless.rows;
  expect(length).toBeLessThan(40_000);
  await sleep(50);
  expect(endless.rows).toHaveLength(length);
});
