import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_RETRY, retryDelay, withinTimeLeft } from "../../src/schedule/backoff.ts";
import { afterFailure, HEALTHY, isLost } from "../../src/schedule/health.ts";
import { type Group, nextBatchSize } from "../../src/schedule/pending.ts";
import { decideRetry } from "../../src/schedule/retry-decision.ts";

const policy = { ...DEFAULT_RETRY, baseMs: 100, capMs: 1_000, afterCapMs: 5_000 };

describe("the wait before a retry", () => {
  test("is uniform up to a bound that doubles and is capped", () => {
    const bounds = [1, 2, 3, 4, 5, 60].map((failures) => retryDelay(failures, undefined, policy, () => 1));
    expect(bounds).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(retryDelay(3, undefined, policy, () => 0.25)).toBe(100);
  });

  test("is never shorter than the server asked, within a limit", () => {
    expect(retryDelay(1, 3_000, policy, () => 0)).toBe(3_000);
    expect(retryDelay(4, 3_000, policy, () => 1)).toBe(3_100);
    expect(retryDelay(1, 3_600_000, policy, () => 0)).toBe(5_000);
    expect(retryDelay(1, Number.NaN, policy, () => 0.5)).toBe(50);
  });

  test("obeys a server for a tenth of the time that is left at most, whatever it asks", () => {
    const year = 365 * 86_400_000;
    const waits = [null, 600_000, 20_000, 0].map((leftMs) =>
      retryDelay(1, year, withinTimeLeft(policy, leftMs), () => 0),
    );
    expect(waits).toEqual([5_000, 5_000, 2_000, 100]);
  });
});

describe("the size of the next batch", () => {
  test("is full while more tasks may come", () => {
    expect(nextBatchSize({ batchSize: 64, ready: 3, ended: false, requests: 4 })).toBe(64);
  });

  test("takes every task exactly once and never grows while the rest is sent", () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (count, requests, batchSize) => {
          let ready = count;
          let last = batchSize;
          while (ready > 0) {
            const size = nextBatchSize({ batchSize, ready, ended: true, requests });
            expect(size).toBeGreaterThanOrEqual(1);
            expect(size).toBeLessThanOrEqual(Math.min(last, ready));
            last = size;
            ready -= size;
          }
          expect(count === 0 || last === 1 || requests === 1).toBe(true);
        },
      ),
    );
  });
});

describe("the health of an engine", () => {
  const refused = { kind: "retry", reason: "connection", blame: "engine" } as const;

  test("counts requests that were in flight together as one failure", () => {
    let health = HEALTHY;
    for (let i = 0; i < 64; i++) health = afterFailure(health, refused, { startedAt: i / 100, finishedAt: 10 });
    expect(health.streak).toBe(1);
    expect(isLost(health, refused, 3)).toBe(false);
    health = afterFailure(health, refused, { startedAt: 11, finishedAt: 12 });
    health = afterFailure(health, refused, { startedAt: 13, finishedAt: 14 });
    expect(isLost(health, refused, 3)).toBe(true);
  });

  test("is restored by an answer, also by a refusal", () => {
    const sick = { streak: 2, at: 10 };
    expect(afterFailure(sick, { kind: "split", reason: "bad-request" }, { startedAt: 11, finishedAt: 12 })).toBe(
      HEALTHY,
    );
  });

  test("is not in question when only the load or the rows are to blame", () => {
    const sick = { streak: 50, at: 10 };
    expect(isLost(sick, { kind: "retry", reason: "overloaded", blame: "load" }, 3)).toBe(false);
    expect(isLost(sick, { kind: "retry", reason: "server", blame: "batch" }, 3)).toBe(false);
    expect(isLost(HEALTHY, { kind: "engine-lost", reason: "engine-lost" }, 3)).toBe(true);
  });
});

describe("the decision about a failed request", () => {
  const group = (count: number, failures = 0, losses = 0): Group<number> => ({
    entries: Array.from({ length: count }, (_, task) => ({ task, attempts: 1, losses })),
    failures,
    answeredBefore: 0,
    alone: false,
  });
  const tasks = (groups: readonly Group<number>[]) => groups.map(({ entries }) => entries.map(({ task }) => task));

  test("keeps every task, in one of the groups or among the ended, whatever the failure", () => {
    const failure = fc.oneof(
      fc.constant({ kind: "split", reason: "server" } as const),
      fc.constant({ kind: "final", reason: "server" } as const),
      fc.constant({ kind: "engine-lost", reason: "server" } as const),
      fc.record({
        kind: fc.constant("retry" as const),
        reason: fc.constant("server" as const),
        blame: fc.constantFrom("batch", "engine", "either", "load"),
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(9), fc.nat(4), failure, (count, failures, losses, one) => {
        const decision = decideRetry(group(count, failures, losses), one, policy, () => 0.5, 1);
        const all = [...tasks(decision.again).flat(), ...decision.ended.map(({ task }) => task)];
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, task) => task));
        expect(decision.again.every(({ entries }) => entries.length > 0)).toBe(true);
      }),
    );
  });

  test("lets tasks try a last time alone when the engine was to blame", () => {
    const failure = { kind: "retry", reason: "connection", blame: "engine" } as const;
    const decision = decideRetry(group(3, policy.attempts - 1), failure, policy, () => 0, 1);
    expect(decision.again.map(({ alone, entries }) => [alone, entries.length])).toEqual([
      [true, 1],
      [true, 1],
      [true, 1],
    ]);
  });
});

describe("the limit of attempts", () => {
  const failure = { kind: "retry", reason: "overloaded", blame: "load" } as const;
  const group = { entries: [{ task: 0, attempts: 8, losses: 0 }], failures: 7, answeredBefore: 40, alone: false };

  test("is the small one while others are answered, and the large one while none is", () => {
    expect(decideRetry(group, failure, policy, () => 0, 41).ended).toHaveLength(1);
    expect(decideRetry(group, failure, policy, () => 0, 40).ended).toHaveLength(0);
    expect(decideRetry({ ...group, failures: 31 }, failure, policy, () => 0, 40).ended).toHaveLength(1);
  });
});
