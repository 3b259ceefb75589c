import { describe, expect, test } from "vitest";
import { applyMassPolicy } from "../../../src/judge/mass-policy.ts";
import type { PerClass, Reading } from "../../../src/types.ts";

const PRIOR: PerClass = [0.3, 0.3, 0.4];

/** A reading with probabilities 0.5, 0.3 and 0.2 and this mass. */
function reading(mass: number | null): Reading {
  const [a, b, tie] = [0.5, 0.3, 0.2].map((p) => Math.log(p * (mass ?? 1)));
  return { logProbs: [a ?? 0, b ?? 0, tie ?? 0], mass, bounded: false };
}

function rounded(triple: PerClass): readonly number[] {
  return triple.map((value) => Number(value.toFixed(9)));
}

describe("applyMassPolicy", () => {
  test("changes nothing at the minimum, above it, or when the mass is unknown", () => {
    for (const action of ["warn", "floor", "fallback"] as const) {
      for (const mass of [0.01, 0.5, null]) {
        const { probabilities, note } = applyMassPolicy(reading(mass), { minimum: 0.01, action }, PRIOR);
        expect(rounded(probabilities)).toEqual([0.5, 0.3, 0.2]);
        expect(note).toBeNull();
      }
    }
  });

  test("only notes it with warn", () => {
    const { probabilities, note } = applyMassPolicy(reading(0.004), { minimum: 0.01, action: "warn" }, PRIOR);
    expect(rounded(probabilities)).toEqual([0.5, 0.3, 0.2]);
    expect(note).toBe("label mass 0.00400 is below 0.01");
  });

  test("moves towards the prior by the share of mass that is missing with floor", () => {
    const { probabilities, note } = applyMassPolicy(reading(0.004), { minimum: 0.01, action: "floor" }, PRIOR);
    expect(rounded(probabilities)).toEqual([0.38, 0.3, 0.32]);
    expect(note).toMatch(/moved towards the prior/);
    const empty = applyMassPolicy({ ...reading(0.004), mass: 0 }, { minimum: 0.01, action: "floor" }, PRIOR);
    expect(empty.probabilities).toEqual(PRIOR);
  });

  test("uses the prior with fallback", () => {
    const { probabilities, note } = applyMassPolicy(reading(0.004), { minimum: 0.01, action: "fallback" }, PRIOR);
    expect(probabilities).toEqual(PRIOR);
    expect(note).toMatch(/prior used/);
  });
});
