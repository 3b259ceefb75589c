import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClimbingRules, chooseStep, type LadderPosition, type StepForecast } from "../../src/deadline/ladder.ts";
import { checkSteps, usualSteps } from "../../src/deadline/steps.ts";
import { stepsOf } from "./states.ts";

const RULES: ClimbingRules = { confidence: 0.99, holdMs: 60_000, climbMargin: 0.03 };
const STEPS = stepsOf("auto", [
  { name: "long", tokenBudget: 1_024 },
  { name: "short", tokenBudget: 512 },
]);

/** The steps with these probabilities, the last one certain; the margin costs each a little. */
function forecasts(probabilities: readonly number[], margin = 0): readonly StepForecast[] {
  return STEPS.map((step, i) => {
    const probability = step.kind === "prior" ? 1 : (probabilities[i] ?? 1);
    const probabilityWithMargin = step.kind === "prior" ? 1 : Math.max(0, probability - margin);
    return { step, probability, probabilityWithMargin, prompts: 1, tokens: 1 };
  });
}

function standing(index: number, since = 0): LadderPosition {
  return { index, since, belowSince: null };
}

describe("choosing a step", () => {
  test("goes down at once, to the highest step that reaches the confidence, when it is clearly below", () => {
    const { position, reason } = chooseStep(forecasts([0.2, 0.5, 0.995, 1]), standing(1), 1_000, RULES);
    expect(position).toEqual({ index: 2, since: 1_000, belowSince: null });
    expect(reason).toBe(
      "down: one-order finishes with probability 0.5, which is below 0.99; long finishes with probability 0.995, which reaches 0.99",
    );
  });

  test("waits for the hold when it is just below, and forgets it when it recovers", () => {
    const near = forecasts([0.2, 0.97, 1, 1]);
    const first = chooseStep(near, standing(1), 1_000, RULES);
    expect(first.position).toEqual({ index: 1, since: 0, belowSince: 1_000 });
    expect(chooseStep(near, first.position, 60_999, RULES).position.index).toBe(1);
    expect(chooseStep(near, first.position, 61_000, RULES).position.index).toBe(2);
    expect(chooseStep(forecasts([0.2, 1, 1, 1]), first.position, 30_000, RULES).position.belowSince).toBeNull();
  });

  test("waits too when the lower step sends the same, however far below it is", () => {
    expect(chooseStep(forecasts([0.1, 1, 1, 1]), standing(0), 1_000, RULES).position.index).toBe(0);
    expect(chooseStep(forecasts([0.1, 0.1, 0.1, 0.1]), standing(3), 1_000, RULES).position.index).toBe(3);
    expect(chooseStep(forecasts([0.1, 0.1, 0.1, 0.1]), standing(2), 1_000, RULES).position.index).toBe(4);
  });

  test("goes up only after the hold, and only with the margin left over", () => {
    const good = forecasts([0.2, 1, 1, 1]);
    expect(chooseStep(good, standing(2), 59_999, RULES).position.index).toBe(2);
    expect(chooseStep(good, standing(2), 60_000, RULES).position).toEqual({
      index: 1,
      since: 60_000,
      belowSince: null,
    });
    const tight = chooseStep(forecasts([0.2, 0.995, 1, 1], 0.02), standing(2), 90_000, RULES);
    expect(tight.position.index).toBe(2);
    expect(tight.reason).toContain("not with 3 % of the time left over");
  });

  test("the last step is always feasible", () => {
    const { position } = chooseStep(forecasts([0, 0, 0, 0]), standing(1), 1_000, RULES);
    expect(STEPS[position.index]?.kind).toBe("prior");
  });
});

describe("hysteresis, whatever the probabilities do", () => {
  const path = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: 200,
  });

  test("never goes up twice within a hold, nor up within a hold of going down", () => {
    fc.assert(
      fc.property(path, fc.integer({ min: 500, max: 20_000 }), (steps, everyMs) => {
        let position = standing(0);
        let changedAt = Number.NEGATIVE_INFINITY;
        for (const [i, raw] of steps.entries()) {
          // A lower step is never less likely to finish.
          const sorted = [...raw].sort((one, other) => one - other);
          const next = chooseStep(forecasts(sorted, 0.01), position, i * everyMs, RULES).position;
          if (next.index < position.index) expect(i * everyMs - changedAt).toBeGreaterThanOrEqual(RULES.holdMs);
          if (next.index !== position.index) changedAt = i * everyMs;
          position = next;
        }
      }),
    );
  });

  test("changes step at most once a hold when the probability swings about the confidence", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.945, max: 1, noNaN: true }), { minLength: 50, maxLength: 200 }),
        (swings) => {
          let position = standing(1);
          let changes = 0;
          for (const [i, p] of swings.entries()) {
            const next = chooseStep(forecasts([0, p, 1, 1], 0.005), position, i * 5_000, RULES).position;
            if (next.index !== position.index) changes += 1;
            position = next;
          }
          expect(changes).toBeLessThanOrEqual(1 + (swings.length * 5_000) / RULES.holdMs);
        },
      ),
    );
  });
});

describe("what makes a ladder", () => {
  const one = { name: "one", kind: "one-order", tokenBudget: null } as const;
  const prior = { name: "prior", kind: "prior", tokenBudget: null } as const;
  const short = (name: string, tokenBudget: number) => ({ name, kind: "one-order-short", tokenBudget }) as const;

  test("the usual steps do, for all orders", () => {
    for (const orders of ["one", "auto", "both"] as const) {
      for (const shortened of [[], [{ name: "short", tokenBudget: 512 }]]) {
        expect(checkSteps(usualSteps(orders, shortened))).toBeNull();
      }
    }
    expect(STEPS.map(({ name }) => name)).toEqual(["both-orders", "one-order", "long", "short", "prior"]);
    expect(STEPS.at(-1)?.tokenBudget).toBe(512);
  });

  test.each([
    ["the last step must be of the kind prior", [one]],
    ["two steps are called one", [one, short("one", 5), prior]],
    ["one (one-order) does not come after short (one-order-short)", [short("short", 5), one, prior]],
    ["b (one-order-short) does not come after a (one-order-short)", [short("a", 5), short("b", 5), prior]],
    ["prior has a larger token budget than a above it", [short("a", 5), prior]],
    ["the token budget of a must be at least 1", [one, short("a", 0), prior]],
  ])("reports that %s", (wrong, steps) => {
    expect(checkSteps(steps)).toBe(wrong);
  });
});
