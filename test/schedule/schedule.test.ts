import { describe, expect, test } from "vitest";
import { schedule } from "../../src/schedule/schedule.ts";
import { answered, answering, mostInFlight, refused, start, upTo } from "./harness.ts";

describe("schedule", () => {
  test("gives every task one outcome with its own value, in batches, no more at once than allowed", async () => {
    const trial = start(200, () => [{ concurrency: () => 3, batchSize: () => 10 }]);
    expect(await trial.end()).toEqual({ end: "done", finished: 200, failed: 0, aborted: 0, unstarted: 0 });
    expect(answered(trial)).toEqual(upTo(200));
    for (const [task, outcome] of trial.outcomes) {
      expect(outcome).toEqual({ ok: true, value: task * 2, attempts: 1, ms: 100 });
    }
    expect(mostInFlight(trial.attempts)).toBe(3);
    expect(Math.max(...trial.attempts.map(({ tasks }) => tasks.length))).toBe(10);
    expect(trial.attempts.flatMap(({ tasks }) => tasks)).toEqual(upTo(200));
  });

  test("reports each request once, with the tasks that ended with it", async () => {
    const trial = start(40, (clock) => [
      {
        work: answering(clock, 10, (batch) => {
          if (batch.includes(3)) throw refused();
        }),
      },
    ]);
    await trial.end();
    for (const { attempt, outcomes } of trial.events) {
      const ended = outcomes.map(({ task }) => task);
      if (attempt?.ok === true) expect(ended).toEqual(attempt.tasks);
      else expect(ended).toEqual(attempt?.tasks.length === 1 ? [3] : []);
    }
    expect(trial.events.flatMap(({ outcomes }) => outcomes)).toHaveLength(40);
    expect(trial.events.map(({ attempt }) => attempt)).toEqual(trial.attempts);
  });

  test("has at most twice as many tasks in memory as may be in flight", async () => {
    const trial = start(500, () => [{ concurrency: () => 3, batchSize: () => 10 }]);
    await trial.end();
    expect(trial.most.unsettled).toBe(60);
  });

  test("resolves at once when there is no task", async () => {
    const trial = start(0, () => [{}]);
    expect(await trial.end()).toEqual({ end: "done", finished: 0, failed: 0, aborted: 0, unstarted: 0 });
    expect(trial.clock.sleeping()).toBe(0);
  });

  test("shrinks the last batches so that no worker idles while one large batch runs", async () => {
    const trial = start(100, (clock) => [
      {
        concurrency: () => 4,
        batchSize: () => 16,
        work: async (batch, signal) => {
          await clock.sleep(batch.length * 10, signal);
          return batch.map((task) => task * 2);
        },
      },
    ]);
    await trial.end();
    const sizes = trial.attempts.map(({ tasks }) => tasks.length);
    expect(sizes.slice(0, 4)).toEqual([16, 16, 16, 16]);
    expect(sizes.at(-1)).toBe(1);
    // 100 tasks of 10 ms, 4 at once, take 250 ms; a last batch of 16 started late would take up to 160 ms more.
    expect(trial.clock.monotonic()).toBeLessThanOrEqual(260);
  });

  test("spreads fewer tasks than one round over all requests that may be in flight", async () => {
    const trial = start(10, () => [{ concurrency: () => 4, batchSize: () => 64 }]);
    await trial.end();
    expect(mostInFlight(trial.attempts)).toBe(4);
    expect(Math.max(...trial.attempts.map(({ tasks }) => tasks.length))).toBe(3);
  });

  test("follows a concurrency and a batch size that change while it runs", async () => {
    let concurrency = 2;
    let batchSize = 1;
    const trial = start(300, () => [{ concurrency: () => concurrency, batchSize: () => batchSize }]);
    await trial.clock.advance(450);
    concurrency = 8;
    batchSize = 4;
    await trial.clock.advance(400);
    concurrency = 1;
    await trial.end();
    const between = (from: number, to: number) =>
      trial.attempts.filter(({ startedAt }) => startedAt >= from && startedAt < to);
    expect(mostInFlight(between(0, 450))).toBe(2);
    expect(mostInFlight(between(500, 850))).toBe(8);
    expect(mostInFlight(between(900, 1e9))).toBe(1);
    expect(between(500, 850).every(({ tasks }) => tasks.length === 4)).toBe(true);
    expect(between(500, 850).map(({ concurrency: limit }) => limit)).toContain(8);
    expect(answered(trial)).toEqual(upTo(300));
  });

  test("sends a partial batch when the source waits for the outcome of an earlier task", async () => {
    const trial = start(0, () => [{ batchSize: () => 50 }], {
      tasks: async function* ({ clock, outcomes }) {
        yield* [0, 1, 2];
        while (outcomes.size < 3) await clock.sleep(10);
        yield* [3, 4];
      },
    });
    expect(await trial.end()).toMatchObject({ end: "done", finished: 5 });
    expect(trial.attempts[0]?.tasks).toEqual([0, 1, 2]);
  });

  test("waits for a full batch while the source is slow but not stalled", async () => {
    const trial = start(0, () => [{ batchSize: () => 8, concurrency: () => 4 }], {
      tasks: async function* ({ clock }) {
        for (let task = 0; task < 24; task++) {
          await clock.sleep(5);
          yield task;
        }
      },
    });
    await trial.end();
    expect(trial.attempts.slice(0, 3).map(({ tasks }) => tasks.length)).toEqual([8, 8, 8]);
  });

  test("gives a fast engine more tasks than a slow one", async () => {
    const trial = start(300, (clock) => [
      { concurrency: () => 2, batchSize: () => 5, work: answering(clock, 100) },
      { concurrency: () => 2, batchSize: () => 5, work: answering(clock, 300) },
    ]);
    await trial.end();
    const of = (name: string) =>
      trial.attempts.filter(({ worker }) => worker === name).flatMap(({ tasks }) => tasks).length;
    expect(of("engine-0") / of("engine-1")).toBeGreaterThan(2.5);
    expect(answered(trial)).toEqual(upTo(300));
  });

  test("answers the tasks that were pulled, then throws, when the source fails", async () => {
    const trial = start(0, () => [{ batchSize: () => 2 }], {
      tasks: async function* () {
        yield* [0, 1, 2];
        throw new Error("line 4 is broken");
      },
    });
    await expect(trial.end()).rejects.toThrow("line 4 is broken");
    expect(answered(trial)).toEqual([0, 1, 2]);
    expect(trial.clock.sleeping()).toBe(0);
  });

  test.each([
    ["onRequest", { onRequest: () => fail("a bug in onRequest") }, "a bug in onRequest"],
    ["timeoutMs", { timeoutMs: () => fail("a bug in timeoutMs") }, "a bug in timeoutMs"],
  ])("stops everything and throws what %s threw", async (_, overrides, message) => {
    const trial = start(500, () => [{}], overrides);
    await expect(trial.end()).rejects.toThrow(message);
    expect(trial.clock.monotonic()).toBeLessThan(200);
    expect(trial.clock.sleeping()).toBe(0);
  });

  test("throws an error of work that is not the error of a request", async () => {
    const trial = start(50, (clock) => [{ work: answering(clock, 10, () => fail("undefined is not a function")) }]);
    await expect(trial.end()).rejects.toThrow("undefined is not a function");
  });

  test("throws when work returns too few results", async () => {
    const trial = start(8, () => [{ work: async (batch) => batch.slice(1) }]);
    await expect(trial.end()).rejects.toThrow(/returned \d results for \d tasks/);
  });

  test("refuses to run without an engine", async () => {
    const options = { workers: [] } as unknown as Parameters<typeof schedule>[0];
    await expect(schedule(options)).rejects.toThrow("at least one worker");
  });
});

function fail(message: string): never {
  throw new Error(message);
}
