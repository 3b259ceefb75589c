import { describe, expect, test } from "vitest";
import { answering, busy, dead, start } from "./harness.ts";

describe("an abort", () => {
  test("ends the schedule with what was finished, and leaves nothing behind", async () => {
    const controller = new AbortController();
    const trial = start(1_000, () => [{}], { signal: controller.signal });
    await trial.clock.advance(250);
    controller.abort(new Error("deadline"));
    expect(await trial.running).toEqual({ end: "aborted", finished: 64, failed: 0, aborted: 32, unstarted: 32 });
    expect(trial.outcomes.size).toBe(64);
    expect(trial.clock.monotonic()).toBe(250);
    expect(trial.clock.sleeping()).toBe(0);
    const aborted = trial.attempts.filter(({ ok }) => !ok);
    expect(aborted).toHaveLength(4);
    expect(aborted[0]).toMatchObject({ reason: "aborted", message: "deadline" });
    expect(trial.events.find(({ attempt }) => attempt === aborted[0])?.outcomes).toEqual([]);
  });

  test("before the start runs nothing", async () => {
    const trial = start(10, () => [{}], { signal: AbortSignal.abort(new Error("too late")) });
    expect(await trial.running).toEqual({ end: "aborted", finished: 0, failed: 0, aborted: 0, unstarted: 0 });
    expect(trial.attempts).toEqual([]);
  });

  test("closes the task source, so that its finally block runs", async () => {
    const controller = new AbortController();
    let closed = false;
    const trial = start(0, () => [{}], {
      signal: controller.signal,
      tasks: async function* () {
        try {
          for (let task = 0; ; task++) yield task;
        } finally {
          closed = true;
        }
      },
    });
    await trial.clock.advance(50);
    controller.abort(new Error("enough"));
    expect(await trial.running).toMatchObject({ end: "aborted" });
    expect(closed).toBe(true);
  });

  test("does not wait longer than the grace time for a source that hangs", async () => {
    const controller = new AbortController();
    const trial = start(0, () => [{}], {
      signal: controller.signal,
      graceMs: 500,
      tasks: async function* () {
        yield 0;
        await new Promise(() => {});
      },
    });
    await trial.clock.advance(300);
    controller.abort(new Error("enough"));
    expect(await trial.end()).toMatchObject({ end: "aborted", finished: 1 });
    expect(trial.clock.monotonic()).toBe(800);
    expect(trial.clock.sleeping()).toBe(0);
  });

  test("does not wait longer than the grace time for work that ignores it", async () => {
    const controller = new AbortController();
    const trial = start(10, () => [{ work: () => new Promise(() => {}) }], {
      signal: controller.signal,
      graceMs: 500,
    });
    await trial.clock.advance(300);
    controller.abort(new Error("enough"));
    expect(await trial.end()).toMatchObject({ end: "aborted", finished: 0, aborted: 10 });
    expect(trial.clock.monotonic()).toBe(800);
  });

  test("takes answers that arrive within the grace time", async () => {
    const controller = new AbortController();
    const trial = start(
      4,
      (clock) => [
        {
          work: async (batch) => {
            await clock.sleep(400);
            return batch.map((task) => task * 2);
          },
        },
      ],
      { signal: controller.signal, graceMs: 500 },
    );
    await trial.clock.advance(300);
    controller.abort(new Error("enough"));
    expect(await trial.end()).toMatchObject({ end: "aborted", finished: 4, aborted: 0 });
  });

  test("interrupts the wait before a retry", async () => {
    const controller = new AbortController();
    const trial = start(
      4,
      (clock) => [
        {
          work: answering(clock, 10, () => {
            throw busy(100_000);
          }),
        },
      ],
      { signal: controller.signal },
    );
    await trial.clock.advance(5_000);
    controller.abort(new Error("enough"));
    expect(await trial.running).toEqual({ end: "aborted", finished: 0, failed: 0, aborted: 0, unstarted: 4 });
    expect(trial.clock.sleeping()).toBe(0);
  });

  test("interrupts the recovery of an engine", async () => {
    const controller = new AbortController();
    const trial = start(
      40,
      (clock) => [
        {
          work: answering(clock, 10, () => {
            throw dead();
          }),
          recover: (signal) => clock.sleep(600_000, signal).then(() => true),
        },
      ],
      { signal: controller.signal },
    );
    await trial.clock.advance(5_000);
    controller.abort(new Error("enough"));
    expect(await trial.running).toMatchObject({ end: "aborted", finished: 0, unstarted: 40 });
    expect(trial.clock.sleeping()).toBe(0);
  });
});
