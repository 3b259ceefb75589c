import { describe, expect, test } from "vitest";
import { answered, answering, broken, busy, Failure, failed, refused, start, unreachable, upTo } from "./harness.ts";

const withPoison = (poison: readonly number[], error: () => Failure) => (batch: readonly number[]) => {
  if (batch.some((task) => poison.includes(task))) throw error();
};

describe("a request that the server refuses", () => {
  test("is bisected until the bad tasks are alone, and their neighbours are answered", async () => {
    const trial = start(256, (clock) => [
      { batchSize: () => 64, work: answering(clock, 10, withPoison([5, 6, 200], refused)) },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 253, failed: 3 });
    expect(failed(trial)).toEqual({
      5: "refused: bad-request",
      6: "refused: bad-request",
      200: "refused: bad-request",
    });
    expect(trial.outcomes.get(200)).toMatchObject({ message: "simulated bad-request", attempts: 7 });
    expect(trial.twice).toEqual([]);
    // One bad task in 64 costs 2 * log2(64) further requests.
    expect(trial.attempts.length).toBeLessThanOrEqual(4 + 12 * 3 + 12);
  });

  test("is not sent again when nothing can help", async () => {
    const trial = start(16, (clock) => [
      {
        work: answering(
          clock,
          10,
          withPoison([3], () => new Failure({ kind: "final", reason: "bad-request" })),
        ),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 8, failed: 8 });
    expect(trial.attempts.filter(({ ok }) => !ok)).toHaveLength(1);
  });
});

describe("a request that may succeed later", () => {
  test("is repeated after a wait that grows, with its attempts counted", async () => {
    const trial = start(4, (clock) => [
      {
        concurrency: () => 1,
        batchSize: () => 4,
        work: answering(clock, 10, (_, nth) => {
          if (nth < 4) throw busy();
        }),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 4, failed: 0 });
    expect(trial.outcomes.get(0)).toMatchObject({ ok: true, attempts: 5, ms: 10 });
    const waits = trial.attempts.slice(1).map(({ startedAt }, i) => startedAt - (trial.attempts[i]?.finishedAt ?? 0));
    waits.forEach((wait, index) => {
      expect(wait).toBeGreaterThan(0);
      // The worker's own pause may be longer than the wait of the batch, but has the same upper end.
      expect(wait).toBeLessThanOrEqual(500 * 2 ** index);
    });
  });

  test("waits at least as long as the server asks, with all its tasks", async () => {
    const trial = start(64, (clock) => [
      {
        concurrency: () => 2,
        batchSize: () => 4,
        work: answering(clock, 10, (_, nth) => {
          if (nth === 0) throw busy(30_000);
        }),
      },
    ]);
    await trial.end();
    const starts = trial.attempts.map(({ startedAt }) => startedAt).filter((at) => at > 10);
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(30_010);
    expect(answered(trial)).toEqual(upTo(64));
  });

  test("gives up after the limit of attempts", async () => {
    const trial = start(
      3,
      (clock) => [{ batchSize: () => 3, concurrency: () => 1, work: answering(clock, 10, withPoison([1], busy)) }],
      { retry: { attempts: 3, stormAttempts: 3 } },
    );
    expect(await trial.end()).toMatchObject({ finished: 0, failed: 3 });
    expect(failed(trial)).toEqual({ 0: "gave-up: overloaded", 1: "gave-up: overloaded", 2: "gave-up: overloaded" });
    expect(trial.attempts).toHaveLength(3);
    const last = trial.events.at(-1);
    expect(last?.attempt?.ok).toBe(false);
    expect(last?.outcomes.map(({ task }) => task)).toEqual([0, 1, 2]);
  });

  test("is bisected when its answer is malformed twice, so that a poison row takes no neighbour down", async () => {
    const trial = start(128, (clock) => [
      { batchSize: () => 32, work: answering(clock, 10, withPoison([77], broken)) },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 127, failed: 1 });
    expect(failed(trial)).toEqual({ 77: "gave-up: malformed" });
    // The failures of the batch count once against the row, which then has seven more attempts alone.
    expect(trial.attempts.filter(({ tasks }) => tasks.length === 1 && tasks[0] === 77)).toHaveLength(7);
  });

  test("is not bisected when its answer was malformed once", async () => {
    const trial = start(32, (clock) => [
      {
        concurrency: () => 1,
        batchSize: () => 16,
        work: answering(clock, 10, (_, nth) => {
          if (nth === 0) throw broken();
        }),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 32 });
    expect(trial.attempts.slice(0, 2).map(({ tasks }) => tasks.length)).toEqual([16, 16]);
    expect(trial.attempts.filter(({ ok }) => !ok)).toHaveLength(1);
  });

  test("is sent again in smaller parts when the batch size fell meanwhile", async () => {
    let batchSize = 16;
    const trial = start(64, (clock) => [
      {
        concurrency: () => 1,
        batchSize: () => batchSize,
        work: answering(clock, 10, () => {
          if (batchSize === 4) return;
          batchSize = 4;
          throw busy();
        }),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 64 });
    expect(trial.attempts.slice(1).every(({ tasks }) => tasks.length <= 4)).toBe(true);
  });
});

describe("a storm in which every request fails", () => {
  test("costs no row, and no task waits longer once it is over", async () => {
    const trial = start(400, (clock) => [
      {
        concurrency: () => 8,
        batchSize: () => 1,
        work: answering(clock, 10, () => {
          if (clock.monotonic() < 20_000) throw broken();
        }),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 400, failed: 0 });
    const first = trial.attempts.find(({ ok }) => ok)?.finishedAt ?? 0;
    // 400 tasks of 10 ms, 8 requests at once.
    expect(trial.clock.monotonic() - first).toBeLessThan(550);
  });
});

describe("a request without an answer", () => {
  test("is aborted at its limit and tried again", async () => {
    const trial = start(
      8,
      (clock) => {
        const answer = answering(clock, 10);
        let requests = 0;
        return [
          {
            concurrency: () => 1,
            work: (batch, signal) => (requests++ === 0 ? hang(signal) : answer(batch, signal)),
          },
        ];
      },
      { timeoutMs: () => 2_000 },
    );
    expect(await trial.end()).toMatchObject({ finished: 8 });
    expect(trial.attempts[0]).toMatchObject({ ok: false, reason: "timeout", finishedAt: 2_000 });
    expect(trial.attempts[0]).toHaveProperty("message", "no answer within 2000 ms");
  });

  test("is not ended while an engine answers those that were sent before it, however long its queue is", async () => {
    const trial = start(
      6,
      (clock) => {
        let queue = Promise.resolve();
        const work = (batch: readonly number[], signal: AbortSignal): Promise<readonly number[]> => {
          const turn = queue.then(() => clock.sleep(1_500, signal));
          queue = turn.catch(() => {});
          return turn.then(() => batch.map((task) => 2 * task));
        };
        return [{ concurrency: () => 6, batchSize: () => 1, work }];
      },
      { timeoutMs: () => 2_000 },
    );
    expect(await trial.end()).toMatchObject({ finished: 6 });
    expect(trial.attempts.map(({ ok }) => ok)).toEqual([true, true, true, true, true, true]);
  });

  test("is left behind when it ignores its signal", async () => {
    let requests = 0;
    const trial = start(
      2,
      (clock) => {
        const answer = answering(clock, 10);
        return [{ work: (batch, signal) => (requests++ === 0 ? new Promise(() => {}) : answer(batch, signal)) }];
      },
      { timeoutMs: () => 2_000, graceMs: 300 },
    );
    expect(await trial.end()).toMatchObject({ finished: 2 });
    expect(trial.attempts.find(({ ok }) => !ok)).toMatchObject({ reason: "timeout", finishedAt: 2_300 });
    expect(trial.clock.sleeping()).toBe(0);
  });

  test("does not lose the engine because of connections that fail now and then", async () => {
    const trial = start(2_000, (clock) => [
      {
        concurrency: () => 8,
        work: answering(clock, 50, (_, nth) => {
          if (nth % 10 === 0) throw unreachable();
        }),
        recover: () => Promise.reject(new Error("must not be asked")),
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 2_000, failed: 0 });
  });
});

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
