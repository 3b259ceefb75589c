import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDeadline } from "../../src/config/deadline.ts";
import { planBudget, shiftBudget } from "../../src/deadline/budget.ts";

describe("the budget", () => {
  test("keeps 2 % of a long run in reserve, a minute of a shorter one, a fifth of a short one", () => {
    expect(planBudget(0, 9 * 3_600_000).workEndAt).toBe(9 * 3_600_000 * 0.98);
    expect(planBudget(0, 1_800_000).workEndAt).toBe(1_740_000);
    expect(planBudget(0, 60_000).workEndAt).toBe(48_000);
  });

  test("takes the reserve that is asked for, and refuses one that leaves no time", () => {
    expect(planBudget(1_000, 101_000, 30_000)).toEqual({
      startedAt: 1_000,
      workEndAt: 71_000,
      watchdogAt: 93_500,
      deadlineAt: 101_000,
    });
    expect(() => planBudget(0, 60_000, 60_000)).toThrow(/reserve: 60 s leave nothing of the 60 s/);
  });

  test("always ends work before the watchdog, and the watchdog before the deadline", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (start, length) => {
        const budget = planBudget(start, start + length);
        const { startedAt, workEndAt, watchdogAt, deadlineAt } = budget;
        expect(startedAt).toBeLessThan(workEndAt);
        expect(workEndAt).toBeLessThan(watchdogAt);
        expect(watchdogAt).toBeLessThan(deadlineAt);
        expect(shiftBudget(budget, -start).deadlineAt).toBe(length);
      }),
    );
  });
});

describe("a deadline", () => {
  const start = new Date(2026, 0, 31, 12, 0, 0).getTime();

  test.each([
    ["9h", start + 32_400_000],
    [" 8h55m ", start + 32_100_000],
    ["18:30", new Date(2026, 0, 31, 18, 30).getTime()],
    ["09:05:30", new Date(2026, 1, 1, 9, 5, 30).getTime()],
    ["12:00", new Date(2026, 1, 1, 12, 0).getTime()],
    ["2026-02-01", new Date(2026, 1, 1).getTime()],
    ["2026-02-01 07:30", new Date(2026, 1, 1, 7, 30).getTime()],
    ["2026-02-01T07:30:00Z", Date.UTC(2026, 1, 1, 7, 30)],
    ["2026-02-01T07:30+02:00", Date.UTC(2026, 1, 1, 5, 30)],
  ])("%j is the moment that it means", (text, at) => {
    expect(parseDeadline(text, start)).toBe(at);
  });

  test.each(["", "soon", "24:00", "7:5", "2026-13-01", "9 weeks", "2026/02/01"])(
    "refuses %j, saying what is expected",
    (text) => {
      expect(() => parseDeadline(text, start)).toThrow(/expected a duration such as "9h"/);
    },
  );

  test.each(["0s", "2026-01-30", "2026-01-31 12:00"])("refuses %j, which is not after the start", (text) => {
    expect(() => parseDeadline(text, start)).toThrow(/not after the start/);
  });
});
