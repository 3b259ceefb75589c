import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseStep, type LadderRules, type Stand, type StepOutlook } from "../../src/deadline/ladder.ts";
import { checkSteps, usualSteps } from "../../src/deadline/steps.ts";

const RULES: LadderRules = { confidence: 0.99, holdMs: 60_000, climbMargin: 0.03 };
const STEPS = usualSteps("auto", [
  { name: "long", tokenBudget: 1_024 },
  { name: "short", tokenBudget: 512 },
]);

/** The steps with these probabilities, the last one certain; the margin costs each a little. */
function outlooks(probabilities: readonly number[], margin = 0): readonly StepOutlook[] {
  return STEPS.map((step, i) => {
    const probability = step.kind === "prior" ? 1 : (probabilities[i] ?? 1);
    const probabilityWithMargin = step.kind === "prior" ? 1 : Math.max(0, probability - margin);
    return { step, probability, probabilityWithMargin, prompts: 1, tokens: 1 };
  });
}

function standing(index: number, since = 0): Stand {
  return { index, since, belowSince: null };
}

describe("choosing a step", () => {
  test("goes down at once, to the highest step that reaches the confidence, when it is clearly below", () => {
    const { stand, reason } = chooseStep(outlooks([0.2, 0.5, 0.995, 1]), standing(1), 1_000, RULES);
    expect(stand).toEqual({ index: 2, since: 1_000, belowSince: null });
    expect(reason).toBe(
      "down: one-order finishes with probability 0.5, which is below 0.99; long finishes with probability 0.995, which reaches 0.99",
    );
  });

  test("waits for the hold when it is just below, and forgets it when it recovers", () => {
    const near = outlooks([0.2, 0.97, 1, 1]);
    const first = chooseStep(near, standing(1), 1_000, RULES);
    expect(first.stand).toEqual({ index: 1, since: 0, belowSince: 1_000 });
    expect(chooseStep(near, first.stand, 60_999, RULES).stand.index).toBe(1);
    expect(chooseStep(near, first.stand, 61_000, RULES).stand.index).toBe(2);
    expect(chooseStep(outlooks([0.2, 1, 1, 1]), first.stand, 30_000, RULES).stand.belowSince).toBeNull();
  });

  test("waits too when the lower step sends the same, however far below it is", () => {
    expect(chooseStep(outlooks([0.1, 1, 1, 1]), standing(0), 1_000, RULES).stand.index).toBe(0);
    expect(chooseStep(outlooks([0.1, 0.1, 0.1, 0.1]), standing(3), 1_000, RULES).stand.index).toBe(3);
    expect(chooseStep(outlooks([0.1, 0.1, 0.1, 0.1]), standing(2), 1_000, RULES).stand.index).toBe(4);
  });

  test("goes up only after the hold, and only with the margin left over", () => {
    const good = outlooks([0.2, 1, 1, 1]);
    expect(chooseStep(good, standing(2), 59_999, RULES).stand.index).toBe(2);
    expect(chooseStep(good, standing(2), 60_000, RULES).stand).toEqual({ index: 1, since: 60_000, belowSince: null });
    const tight = chooseStep(outlooks([0.2, 0.995, 1, 1], 0.02), standing(2), 90_000, RULES);
    expect(tight.stand.index).toBe(2);
    expect(tight.reason).toContain("not with 3 % of the time left over");
  });

  test("the last step is always feasible", () => {
    const { stand } = chooseStep(outlooks([0, 0, 0, 0]), standing(1), 1_000, RULES);
    expect(STEPS[stand.index]?.kind).toBe("prior");
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
        let stand = standing(0);
        let changedAt = Number.NEGATIVE_INFINITY;
        for (const [i, raw] of steps.entries()) {
          // A lower step is never less likely to finish.
          const sorted = [...raw].sort((one, other) => one - other);
          const next = chooseStep(outlooks(sorted, 0.01), stand, i * everyMs, RULES).stand;
          if (next.index < stand.index) expect(i * everyMs - changedAt).toBeGreaterThanOrEqual(RULES.holdMs);
          if (next.index !== stand.index) changedAt = i * everyMs;
          stand = next;
        }
      }),
    );
  });

  test("changes step at most once a hold when the probability swings about the confidence", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.945, max: 1, noNaN: true }), { minLength: 50, maxLength: 200 }),
        (swings) => {
          let stand = standing(1);
          let changes = 0;
          for (const [i, p] of swings.entries()) {
            const next = chooseStep(outlooks([0, p, 1, 1], 0.005), stand, i * 5_000, RULES).stand;
            if (next.index !== stand.index) changes += 1;
            stand = next;
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
  ])("says that %s", (wrong, steps) => {
    expect(checkSteps(steps)).toBe(wrong);
  });
});
