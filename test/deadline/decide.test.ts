import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withRowOrder } from "../../src/deadline/ladder.ts";
import { observe } from "../../src/deadline/observe.ts";
import { stepCosts } from "../../src/deadline/step-forecasts.ts";
import { takeNext } from "../../src/deadline/take.ts";
import { drive, newState, stepsOf } from "./states.ts";

const SHORTENED = [
  { name: "half", tokenBudget: 50 },
  { name: "tenth", tokenBudget: 10 },
];

describe("a decision", () => {
  test("counts the prompts and tokens that each step still has to send", () => {
    const run = drive(newState(200, { deadlineMs: 3_600_000, steps: stepsOf("one", SHORTENED) }));
    expect(stepCosts(run.state()).map(({ tokens }) => tokens)).toEqual([20_000, 10_000, 2_000, 0]);
    run.score(50, 1_000);
    const decision = run.decide();
    expect(decision.steps.map(({ step, prompts, tokens }) => [step.name, prompts, tokens])).toEqual([
      ["one-order", 150, 15_000],
      ["half", 150, 7_500],
      ["tenth", 150, 1_500],
      ["prior", 0, 0],
    ]);
  });

  test("counts the least swap pass as a cost of both orders", () => {
    const steps = stepsOf("both", []);
    const state = newState(200, { deadlineMs: 3_600_000, steps, swapPass: { minShare: 1, maxShare: 1 } });
    expect(stepCosts(state).map(({ tokens }) => tokens)).toEqual([40_000, 20_000, 0]);
  });

  test("takes the shortened step that fits, and hands its token budget to the rows", () => {
    // 400 rows of 100 tokens at 1 s each are too many for 5 minutes; a tenth of the tokens fits.
    const run = drive(newState(400, { deadlineMs: 300_000, steps: stepsOf("one", SHORTENED) }));
    run.score(20, 1_000);
    const { step, changed } = run.decide();
    expect([withRowOrder(step).rowOrder, changed]).toEqual(["shortest-first", true]);
    const index = run.state().position.index;
    expect(index).toBeGreaterThanOrEqual(2);
    expect(run.score(1, 100)[0]?.tokenBudget).toBe(10);
  });

  test("forecasts an even engine exactly, and counts its start in the time that is left", () => {
    const run = drive(newState(300, { deadlineMs: 3_600_000 }));
    run.score(100, 2_000);
    const { forecast, leftMs, phase } = run.decide();
    expect(phase).toBe("first-pass");
    expect((forecast?.remainingMs ?? 0) / 400_000).toBeCloseTo(1, 2);
    expect(forecast?.lowMs).toBeLessThanOrEqual(400_000);
    expect(forecast?.highMs).toBeGreaterThanOrEqual(400_000);
    expect(leftMs).toBe(3_600_000 - 1_000 - 10_000 - 200_000);
  });

  test("is not moved by failed requests", () => {
    const run = drive(newState(300, { deadlineMs: 3_600_000 }));
    run.score(100, 2_000);
    const before = run.decide().forecast?.remainingMs ?? 0;
    const at = run.now();
    for (let i = 0; i < 50; i++) {
      const prompts = [{ row: 299, order: "ab", tokens: 100, tokenBudget: null }] as const;
      run.update((s) =>
        observe(s, { type: "request", startedAt: at, finishedAt: at + 5, ok: false, prompts, concurrency: 1 }),
      );
    }
    expect(run.decide().forecast?.remainingMs).toBeCloseTo(before, 3);
  });

  test("stops when the time for work is over, and gives no row any more", () => {
    const run = drive(newState(50, { deadlineMs: 60_000 }));
    run.score(5, 1_000);
    run.wait(60_000);
    expect(run.decide().stop).toEqual({ kind: "time-up", reason: "the time for work is over: 45 rows keep the prior" });
    expect(run.score(1, 1_000)).toEqual([]);
  });

  test("stops when every row is settled, and when no engine comes back", () => {
    const done = drive(newState(30));
    done.score(30, 1_000);
    expect(done.decide().stop?.kind).toBe("complete");
    const lost = drive(newState(30));
    lost.update((state) => observe(state, { type: "engine", at: 11_000, up: false, lost: true }));
    expect(lost.decide().stop?.kind).toBe("engine-lost");
  });

  test("ends a run that may not degrade and cannot finish, but not before the pilot is over", () => {
    const run = drive(newState(400, { deadlineMs: 300_000, onOverrun: "stop" }));
    run.score(10, 2_000);
    expect(run.decide().stop).toBeNull();
    run.score(15, 2_000);
    expect(run.decide().stop).toMatchObject({ kind: "overrun", reason: expect.stringContaining("would take") });
  });
});

describe("silence", () => {
  test("is counted while prompts wait for an answer, and not when nothing is in flight", () => {
    const run = drive(newState(50, { deadlineMs: 3_600_000 }));
    run.score(30, 1_000);
    run.wait(50_000);
    expect(run.decide().silentMs).toBe(0);
  });

  test("is counted from the last answer while a prompt is in flight", () => {
    const run = drive(newState(50, { deadlineMs: 3_600_000 }));
    run.score(30, 1_000);
    run.update((state) => takeNext(state, 1).state);
    run.wait(50_000);
    expect(run.decide().silentMs).toBe(50_000);
  });
});

describe("history", () => {
  test("marks the forecasts at 2, 10 and 50 % of the rows", () => {
    const run = drive(newState(1_200));
    const start = run.now();
    for (let i = 0; i < 1_200; i += 2) {
      run.score(2, 1_000);
      run.decide();
    }
    const { marks } = run.state().history;
    expect(marks.map(({ share, point }) => [share, point.at - start])).toEqual([
      [0.02, 24_000],
      [0.1, 120_000],
      [0.5, 600_000],
    ]);
  });
});

test("whatever engine and job, every row is taken once, probabilities rise down the ladder, intervals hold their mean", () => {
  const job = fc.record({
    rows: fc.integer({ min: 1, max: 120 }),
    times: fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 5, maxLength: 40 }),
    deadlineMs: fc.integer({ min: 30_000, max: 3_600_000 }),
  });
  fc.assert(
    fc.property(job, ({ rows, times, deadlineMs }) => {
      const run = drive(newState(rows, { deadlineMs }));
      const taken: number[] = [];
      for (let i = 0; i < rows; i++) {
        taken.push(...run.score(1, times[i % times.length] ?? 1).map(({ row }) => row));
        if (i % 5 !== 0) continue;
        const { steps, forecast, stop } = run.decide();
        for (const [j, { probability }] of steps.slice(1).entries()) {
          expect(probability).toBeGreaterThanOrEqual(steps[j]?.probability ?? 0);
        }
        if (forecast !== null) expect(forecast.lowMs).toBeLessThanOrEqual(forecast.highMs);
        if (stop !== null) break;
      }
      expect(new Set(taken).size).toBe(taken.length);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
