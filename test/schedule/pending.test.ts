import { describe, expect, test } from "vitest";
import { createPending, drain, type Group, nextDue, putBack, take } from "../../src/schedule/pending.ts";

const entry = (task: number) => ({ task, attempts: 0, losses: 0 });
const group = (tasks: readonly number[], alone = false): Group<number> => ({
  entries: tasks.map(entry),
  failures: 1,
  answeredBefore: 0,
  alone,
});
const demand = { now: 100, batchSize: 4, requests: 2, idle: false, partial: false, ended: false };
const tasksOf = (taken: Group<number> | undefined) => taken?.entries.map(({ task }) => task);

describe("the queue of waiting tasks", () => {
  test("gives a task that must be alone to an idle worker only, and starts nothing else before", () => {
    const pending = createPending<number>();
    putBack(pending, [group([7], true)], 100);
    pending.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(take(pending, demand)).toBeUndefined();
    expect(tasksOf(take(pending, { ...demand, idle: true }))).toEqual([7]);
    expect(tasksOf(take(pending, demand))).toEqual([1, 2, 3, 4]);
  });

  test("does not delay others for a task that must be alone later", () => {
    const pending = createPending<number>();
    putBack(pending, [group([7], true)], 101);
    pending.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(tasksOf(take(pending, demand))).toEqual([1, 2, 3, 4]);
    expect(nextDue(pending, 100)).toBe(101);
  });

  test("prefers retries that are due to fresh tasks, and never mixes them", () => {
    const pending = createPending<number>();
    putBack(pending, [group([7, 8])], 200);
    putBack(pending, [group([9])], 50);
    pending.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(tasksOf(take(pending, demand))).toEqual([9]);
    expect(tasksOf(take(pending, demand))).toEqual([1, 2, 3, 4]);
    expect(take(pending, demand)).toBeUndefined();
    expect(drain(pending).map(({ task }) => task)).toEqual([7, 8]);
    expect(nextDue(pending, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
