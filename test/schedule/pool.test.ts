import { describe, expect, it } from "vitest";
import { createPending, drain, type Group, nextDue, putBack, take } from "../../src/schedule/pending.ts";

const entry = (task: number) => ({ task, attempts: 0, losses: 0 });
const group = (tasks: readonly number[], alone = false): Group<number> => ({
  entries: tasks.map(entry),
  failures: 1,
  answeredBefore: 0,
  alone,
});
const offer = { now: 100, batchSize: 4, slots: 2, idle: false, partial: false, ended: false };
const tasksOf = (taken: Group<number> | undefined) => taken?.entries.map(({ task }) => task);

describe("the pool of waiting tasks", () => {
  it("gives a task that must be alone to an idle lane only, and starts nothing else before", () => {
    const pool = createPending<number>();
    putBack(pool, [group([7], true)], 100);
    pool.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(take(pool, offer)).toBeUndefined();
    expect(tasksOf(take(pool, { ...offer, idle: true }))).toEqual([7]);
    expect(tasksOf(take(pool, offer))).toEqual([1, 2, 3, 4]);
  });

  it("does not hold others up for one that must be alone later", () => {
    const pool = createPending<number>();
    putBack(pool, [group([7], true)], 101);
    pool.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(tasksOf(take(pool, offer))).toEqual([1, 2, 3, 4]);
    expect(nextDue(pool, 100)).toBe(101);
  });

  it("prefers retries that are due to fresh tasks, and never mixes them", () => {
    const pool = createPending<number>();
    putBack(pool, [group([7, 8])], 200);
    putBack(pool, [group([9])], 50);
    pool.fresh.push(entry(1), entry(2), entry(3), entry(4));
    expect(tasksOf(take(pool, offer))).toEqual([9]);
    expect(tasksOf(take(pool, offer))).toEqual([1, 2, 3, 4]);
    expect(take(pool, offer)).toBeUndefined();
    expect(drain(pool).map(({ task }) => task)).toEqual([7, 8]);
    expect(nextDue(pool, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
