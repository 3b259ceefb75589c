import { describe, expect, test } from "vitest";
import { formatVersioned } from "../../src/calibrate/versioned-file.ts";
import { escalationOf, formatEscalation, parseEscalation } from "../../src/escalate/file.ts";
import { SMALL_ALONE } from "../../src/escalate/fit.ts";
import { MOVES, POOLED } from "../../src/escalate/model.ts";
import { studyEscalation } from "../../src/escalate/study.ts";
import { simulateLabelled } from "./two-judges.ts";

const OPTIONS = { seed: 1, resamples: 100, repeats: 2 };

describe("a better large judge", () => {
  const study = studyEscalation(simulateLabelled({ small: 1.6, large: 0.4 }, 400, 3), OPTIONS);

  test("is worth more than the swapped order of the small one", () => {
    expect(study.refusal).toBeNull();
    expect(study.model.falls["10>11"]).toBeGreaterThan(3 * study.model.falls["10>20"]);
    expect(study.model.falls["10>20"]).toBeGreaterThan(0);
    expect(study.model.weights["11"].large).toBeGreaterThan(study.model.weights["11"].small);
  });

  test("lowers the log loss of held-out rows by as much as the falls say", () => {
    const fall = (study.losses["10"]?.mean ?? 0) - (study.losses["11"]?.mean ?? 0);
    expect(study.falls["10>11"]?.mean).toBeCloseTo(fall, 12);
    expect(study.falls["10>11"]?.error?.interval.low).toBeGreaterThan(0);
  });

  test("is kept in a file that gives the same model again", () => {
    const judge = (model: string) => ({
      model,
      template: "a".repeat(64),
      labels: { a: ["A"], b: ["B"], tie: ["tie"] },
    });
    const escalation = escalationOf(study, {
      sha256: "b".repeat(64),
      judges: [judge("small"), judge("large")],
      pilot: { tokensPerSecond: [4_000, 500], startUpSeconds: [20, 31] },
    });
    expect(parseEscalation(formatEscalation(escalation), "judges.json")).toEqual(escalation);
    expect(parseEscalation(formatEscalation({ ...escalation, pilot: null }), "judges.json").pilot).toBeNull();
    expect(escalation.model).toEqual(study.model);
    // Version 1 had no pilot at first, and then one with the start of the second engine alone.
    const { pilot: _, ...others } = escalation;
    const readAs1 = (more: object) =>
      parseEscalation(formatVersioned({ ...others, version: 1, ...more }), "judges.json");
    expect(readAs1({})).toEqual({ ...escalation, pilot: null });
    expect(readAs1({ pilot: { tokensPerSecond: [4_000, 500], startUpSeconds: 31 } })).toEqual({
      ...escalation,
      pilot: { tokensPerSecond: [4_000, 500], startUpSeconds: [null, 31] },
    });
    expect(() => parseEscalation(formatVersioned({ ...escalation, version: 9 }), "judges.json")).toThrow(
      "judges.json is a calibration file of two judges of version 9, and this abtie reads version 1 or 2: make it again",
    );
    expect(() => readAs1({ kinds: ["temperature", "unheard-of"] })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("not a calibration file of two judges of version 1;"),
        details: [expect.stringContaining("kinds.1")],
      }),
    );
  });
});

test.each([1, 2, 3, 4, 5])(
  "a large judge that knows nothing is never asked where it does not help, data %i",
  (seed) => {
    const { model, falls } = studyEscalation(simulateLabelled({ small: 1, large: 30 }, 200, seed), OPTIONS);
    for (const move of MOVES) {
      if ((falls[move]?.mean ?? 0) <= 0) expect(model.falls[move]).toBe(0);
      expect(model.falls[move]).toBeGreaterThanOrEqual(0);
    }
  },
);

test("a pool that is worse on held-out rows than the small judge is replaced by the small judge", () => {
  const studies = [1, 2, 3, 4, 5, 6].map((seed) =>
    studyEscalation(simulateLabelled({ small: 0.2, large: 30, reversed: true }, 60, seed), OPTIONS),
  );
  const pools = studies.flatMap(({ model, losses }) =>
    POOLED.map((key) => ({
      isWorse: (losses[key]?.mean ?? 0) > (losses["10"]?.mean ?? 0),
      weights: model.weights[key],
      into: MOVES.filter((move) => move.endsWith(key)).map((move) => model.falls[move]),
    })),
  );
  const worse = pools.filter(({ isWorse }) => isWorse);
  expect(worse.length).toBeGreaterThan(0);
  for (const { weights, into } of worse) {
    expect(weights).toEqual(SMALL_ALONE);
    expect(Math.max(...into)).toBe(0);
  }
});

test("rows of fewer than 10 prompts that both judges answered are too few", () => {
  expect(() => studyEscalation(simulateLabelled({ small: 1, large: 1 }, 18, 1), OPTIONS)).toThrow(
    "found 18 such rows of 9 prompts",
  );
});

test("rows that the large judge has not answered count for the small one alone", () => {
  const labelled = simulateLabelled({ small: 1, large: 0.5 }, 120, 2);
  const [small, large] = labelled.readings;
  const half = (values: Float64Array): Float64Array => values.map((value, place) => (place < 180 ? value : Number.NaN));
  const answered = {
    ab: { ...large.ab, values: half(large.ab.values) },
    ba: { ...large.ba, values: half(large.ba.values) },
  };
  const { losses, falls } = studyEscalation({ ...labelled, readings: [small, answered] }, OPTIONS);
  expect(losses["10"]?.rows).toBe(120);
  expect(losses["22"]?.rows).toBe(60);
  expect(falls["10>11"]?.rows).toBe(60);
});

test("orders that no labelled row has are combined like one order of each judge, and are never asked", () => {
  const labelled = simulateLabelled({ small: 1, large: 0.5 }, 120, 2);
  const [small, large] = labelled.readings;
  const nothing = { ...large.ba, values: large.ba.values.map(() => Number.NaN) };
  const { model, refusedPools } = studyEscalation(
    { ...labelled, readings: [small, { ab: large.ab, ba: nothing }] },
    OPTIONS,
  );
  expect(refusedPools).toEqual([]);
  expect(model.weights["12"]).toEqual(model.weights["11"]);
  expect(model.weights["21"]).not.toEqual(model.weights["11"]);
  expect(MOVES.filter((move) => move.endsWith("2") && model.falls[move] > 0)).toEqual([]);
});

test("is refused where no further answer lowers the log loss of held-out rows", () => {
  const studies = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
    studyEscalation(simulateLabelled({ small: 40, large: 40 }, 60, seed), OPTIONS),
  );
  const refused = studies.filter(({ model }) => MOVES.every((move) => model.falls[move] === 0));
  expect(refused.length).toBeGreaterThan(0);
  for (const { refusal } of refused) expect(refusal).toMatch(/no further answer lowers the log loss/);
  expect(studies.filter(({ refusal }) => refusal !== null)).toEqual(refused);
});
