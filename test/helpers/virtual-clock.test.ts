import { describe, expect, test } from "vitest";
import { createVirtualClock } from "./virtual-clock.ts";

describe("the virtual clock", () => {
  test("ends sleeps in the order in which they are due, whatever the order in which they began", async () => {
    const clock = createVirtualClock();
    const ends: string[] = [];
    const note = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      ends.push(`${name}@${clock.monotonic()}`);
    };
    void note("late", 300);
    void note("early", 100);
    void note("same", 100);
    await clock.advance(250);
    expect(ends).toEqual(["early@100", "same@100"]);
    await clock.advance(50);
    expect(ends).toEqual(["early@100", "same@100", "late@300"]);
  });

  test("lets a woken task sleep again within the same advance, at the right moment", async () => {
    const clock = createVirtualClock({ startedAt: 1_000_000 });
    const ticks: number[] = [];
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(40);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(1_000);
    await work;
    expect(ticks).toEqual([1_000_040, 1_000_080, 1_000_120]);
    expect(clock.monotonic()).toBe(1_000);
  });

  test("rejects an aborted sleep with the signal's reason and forgets it", async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(100, controller.signal);
    controller.abort(new Error("enough"));
    await expect(sleep).rejects.toThrow("enough");
    expect(clock.sleeping()).toBe(0);
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow("enough");
  });

  test("runs until a promise settles, and says when it never can", async () => {
    const clock = createVirtualClock();
    const work = async (): Promise<string> => {
      await clock.sleep(3_600_000);
      return "done";
    };
    expect(await clock.until(work())).toBe("done");
    expect(clock.monotonic()).toBe(3_600_000);
    await expect(clock.until(new Promise(() => {}))).rejects.toThrow("nothing sleeps");
  });

  test("shifts the wall clock without touching the monotonic one", () => {
    const clock = createVirtualClock({ startedAt: 500, monotonic: 20 });
    clock.jumpWall(-400);
    expect([clock.now(), clock.monotonic()]).toEqual([100, 20]);
  });
});
