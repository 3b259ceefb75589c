import { describe, expect, test } from "vitest";
import { answered, answering, dead, failed, start, unreachable, upTo } from "./harness.ts";

/** An engine that dies on some requests, refuses connections while dead, and comes back when asked. */
function mortal(dies: (batch: readonly number[], nth: number) => boolean, recoveryMs = 60_000, returns = true) {
  const log: string[] = [];
  const worker = (clock: Parameters<Parameters<typeof start>[1]>[0]) => {
    let alive = true;
    return {
      work: answering(clock, 100, (batch, nth) => {
        if (alive && dies(batch, nth)) alive = false;
        if (!alive) throw dead();
      }),
      recover: async (signal: AbortSignal) => {
        log.push(`lost at ${clock.monotonic()}`);
        await clock.sleep(recoveryMs, signal);
        alive = returns;
        return returns;
      },
    };
  };
  return { worker, log };
}

describe("an engine that dies", () => {
  test("gets its tasks again when it has come back", async () => {
    const { worker, log } = mortal((_, nth) => nth === 6);
    const trial = start(200, (clock) => [worker(clock)]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 200, failed: 0 });
    expect(log).toEqual(["lost at 200"]);
    const reasons = trial.attempts.flatMap((attempt) => (attempt.ok ? [] : [attempt.reason]));
    expect(new Set(reasons)).toEqual(new Set(["engine-lost"]));
    // One request died with the engine; the others in flight were aborted and are sent again.
    expect(reasons).toHaveLength(4);
    expect(trial.attempts.filter(({ startedAt }) => startedAt > 200 && startedAt < 60_200)).toEqual([]);
    expect(answered(trial)).toEqual(upTo(200));
  });

  test("ends the schedule when it stays dead, with an outcome for every task in memory", async () => {
    const { worker } = mortal((_, nth) => nth === 6, 60_000, false);
    const trial = start(200, (clock) => [worker(clock)]);
    const summary = await trial.end();
    expect(summary).toEqual({ end: "engines-lost", finished: 48, failed: 64, aborted: 0, unstarted: 0 });
    expect(new Set(Object.values(failed(trial)))).toEqual(new Set(["engine-lost: engine-lost"]));
    expect(trial.twice).toEqual([]);
    const [left, ...others] = trial.events.filter(({ attempt }) => attempt === null);
    expect(left?.outcomes).toHaveLength(64);
    expect(others).toEqual([]);
  });

  test("is noticed as soon as its process has ended, also while no request would ever be answered", async () => {
    let life = new AbortController();
    const lives: AbortController[] = [];
    const trial = start(100, (clock) => {
      const answer = answering(clock, 100);
      return [
        {
          work: (batch, signal) =>
            life.signal.aborted ? clock.sleep(1e9, signal).then(() => []) : answer(batch, signal),
          died: () => life.signal,
          recover: async () => {
            lives.push(life);
            life = new AbortController();
            return lives.length < 3;
          },
        },
      ];
    });
    await trial.clock.advance(150);
    life.abort(new Error("the server has ended: exit code 1"));
    await trial.clock.advance(250);
    life.abort(new Error("out of memory"));
    await trial.clock.advance(0);
    const last = life;
    const cut = trial.attempts.flatMap((attempt) => (attempt.ok ? [] : [`${attempt.reason}: ${attempt.message}`]));
    expect(new Set(cut)).toEqual(
      new Set(["engine-lost: the server has ended: exit code 1", "engine-lost: out of memory"]),
    );
    expect(await trial.end()).toMatchObject({ end: "done", finished: 100, failed: 0 });
    expect(lives).toHaveLength(2);
    last.abort(new Error("stopped at the end"));
    expect(lives).toHaveLength(2);
  });

  test("is not brought back when it dies with the last answer", async () => {
    const life = new AbortController();
    const trial = start(
      20,
      (clock) => [
        {
          concurrency: () => 1,
          work: answering(clock, 10),
          died: () => life.signal,
          recover: () => Promise.reject(new Error("must not be asked")),
        },
      ],
      {
        onRequest: ({ outcomes }) => {
          if (outcomes.some(({ task }) => task === 19)) life.abort(new Error("stopped"));
        },
      },
    );
    expect(await trial.end()).toMatchObject({ end: "done", finished: 20 });
  });

  test("that has ended before the start is brought back first", async () => {
    let alive = false;
    const trial = start(20, (clock) => [
      {
        work: answering(clock, 10, () => {
          if (!alive) throw new Error("asked too early");
        }),
        died: () => (alive ? new AbortController().signal : AbortSignal.abort(new Error("gone"))),
        recover: async () => {
          alive = true;
          return true;
        },
      },
    ]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 20 });
  });

  test("stays lost when the worker cannot bring it back", async () => {
    const dying = start(40, (clock) => [
      {
        work: answering(clock, 10, () => {
          throw dead();
        }),
      },
    ]);
    expect(await dying.end()).toMatchObject({ end: "engines-lost", finished: 0, failed: 40 });
  });

  test("is noticed from refused connections alone", async () => {
    let up = true;
    let recoveries = 0;
    const trial = start(200, (clock) => [
      {
        work: answering(clock, 10, (_, nth) => {
          if (nth === 5) up = false;
          if (!up) throw unreachable();
        }),
        recover: async () => {
          recoveries += 1;
          await clock.sleep(30_000);
          up = true;
          return true;
        },
      },
    ]);
    expect(await trial.end()).toMatchObject({ finished: 200, failed: 0 });
    expect(recoveries).toBe(1);
    expect(trial.clock.monotonic()).toBeLessThan(40_000);
  });

  test("is noticed when it hangs and no request is answered in time", async () => {
    let recoveries = 0;
    const trial = start(
      100,
      (clock) => {
        const answer = answering(clock, 10);
        let requests = 0;
        return [
          {
            work: (batch, signal) =>
              requests++ > 4 && recoveries === 0 ? clock.sleep(1e9, signal).then(() => []) : answer(batch, signal),
            recover: async () => {
              recoveries += 1;
              return true;
            },
          },
        ];
      },
      { timeoutMs: () => 5_000 },
    );
    expect(await trial.end()).toMatchObject({ finished: 100, failed: 0 });
    expect(recoveries).toBe(1);
  });

  test("is not killed again and again by one deadly task: that task ends, all others are answered", async () => {
    const { worker, log } = mortal((batch) => batch.includes(70), 1_000);
    const trial = start(300, (clock) => [worker(clock)]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 299, failed: 1 });
    expect(failed(trial)).toEqual({ 70: "gave-up: engine-lost" });
    expect(log).toHaveLength(3);
    // Before its last attempt each suspect was sent alone, so the third death interrupted no other request.
    const lastDeath = trial.attempts.filter(({ ok }) => !ok).at(-1);
    expect(lastDeath).toMatchObject({ tasks: [70], inFlight: 1 });
    const meanwhile = trial.attempts.filter(({ startedAt }) => startedAt === lastDeath?.startedAt);
    expect(meanwhile).toHaveLength(1);
  });

  test("takes no other task with it at its last death when there are several engines", async () => {
    const deadly = (batch: readonly number[]): boolean => batch.includes(70);
    const [one, two] = [mortal(deadly, 1_000), mortal(deadly, 1_000)];
    const trial = start(2_000, (clock) => [one.worker(clock), two.worker(clock)]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 1_999, failed: 1 });
    const last = trial.attempts.filter(({ ok }) => !ok).at(-1);
    expect(last?.tasks).toEqual([70]);
    const beside = trial.attempts.filter(
      ({ worker, startedAt, finishedAt }) =>
        worker === last?.worker && startedAt < last.finishedAt && finishedAt > last.startedAt,
    );
    expect(beside).toEqual([last]);
  });

  test("leaves its tasks to the engines that are left", async () => {
    const { worker } = mortal((_, nth) => nth === 6, 1_000, false);
    const trial = start(400, (clock) => [worker(clock), { work: answering(clock, 100) }]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 400, failed: 0 });
    expect(answered(trial)).toEqual(upTo(400));
    expect(trial.attempts.filter(({ worker: name, startedAt }) => name === "engine-0" && startedAt > 200)).toEqual([]);
  });

  test("does not stop the others while it comes back, and is used again then", async () => {
    const { worker } = mortal((_, nth) => nth === 6, 1_000);
    const trial = start(1_000, (clock) => [worker(clock), { work: answering(clock, 100) }]);
    expect(await trial.end()).toMatchObject({ end: "done", finished: 1_000 });
    const during = trial.attempts.filter(({ startedAt }) => startedAt > 200 && startedAt < 1_200);
    expect(new Set(during.map(({ worker: name }) => name))).toEqual(new Set(["engine-1"]));
    const after = trial.attempts.filter(({ startedAt }) => startedAt >= 1_200);
    expect(new Set(after.map(({ worker: name }) => name))).toEqual(new Set(["engine-0", "engine-1"]));
  });

  test("throws what recover threw, after everything has settled", async () => {
    const trial = start(40, (clock) => [
      {
        work: answering(clock, 10, () => {
          throw dead();
        }),
        recover: () => Promise.reject(new Error("no Python found")),
      },
    ]);
    await expect(trial.end()).rejects.toThrow("no Python found");
  });
});
