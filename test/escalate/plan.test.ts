import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combineAnswers } from "../../src/escalate/combine.ts";
import { fallOf, impurity } from "../../src/escalate/fall.ts";
import { defaultEscalation } from "../../src/escalate/model.ts";
import { type EscalationEngines, type EscalationRow, type Pace, planEscalation } from "../../src/escalate/plan.ts";
import type { EscalationStep } from "../../src/escalate/steps.ts";
import { CLASSES, type PerClass } from "../../src/types.ts";

const model = defaultEscalation(CLASSES);
const STEPS: readonly EscalationStep[] = [
  { judge: 0, order: "ba" },
  { judge: 1, order: "ab" },
  { judge: 1, order: "ba" },
];

const probabilities = fc
  .tuple(fc.double({ min: -4, max: 4, noNaN: true }), fc.double({ min: -4, max: 4, noNaN: true }))
  .map(([a, tie]): PerClass => {
    const powers = [Math.exp(a), 1, Math.exp(tie)] as const;
    const total = powers[0] + powers[1] + powers[2];
    return [powers[0] / total, powers[1] / total, powers[2] / total];
  });

const rowsOfAnyKind: fc.Arbitrary<readonly EscalationRow[]> = fc
  // Some rows are equal, so that the plan has to choose among them.
  .array(
    fc.record({
      probabilities: fc.oneof(probabilities, fc.constantFrom([0.5, 0.3, 0.2] as const, [0.9, 0.05, 0.05] as const)),
      tokens: fc.oneof(fc.integer({ min: 20, max: 4_000 }), fc.constantFrom(100, 300)),
    }),
    { maxLength: 40 },
  )
  .map((rows) =>
    rows.map(({ probabilities, tokens }, row) => ({
      row,
      probabilities,
      counts: [1, 0],
      open: STEPS,
      tokens: [tokens, tokens],
    })),
  );

const pace = (slowest: number): fc.Arbitrary<Pace> =>
  fc.record({
    secondsPerRow: fc.double({ min: 1e-4, max: slowest, noNaN: true }),
    secondsPerToken: fc.double({ min: 0, max: slowest / 500, noNaN: true }),
    error: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
const paces = fc.tuple(pace(0.1), pace(1));

const seconds = fc.double({ min: 0, max: 60, noNaN: true });
const startUp = fc.record({ seconds, error: fc.double({ min: 0, max: 0.5, noNaN: true }) });
const turns: fc.Arbitrary<EscalationEngines> = fc.record({
  kind: fc.constant("turns" as const),
  running: fc.constantFrom(0 as const, 1 as const),
  secondsLeft: seconds,
  startUp,
});
const sideBySide: fc.Arbitrary<EscalationEngines> = fc.record({
  kind: fc.constant("side-by-side" as const),
  secondsLeft: fc.tuple(seconds, seconds),
});
const engines = fc.oneof(turns, sideBySide);

const secondsOf = (steps: readonly { readonly seconds: number }[]): number =>
  steps.reduce((total, step) => total + step.seconds, 0);

describe("a plan", () => {
  test("uses no more than the time left, the start of the large judge included", () => {
    fc.assert(
      fc.property(rowsOfAnyKind, paces, engines, (rows, paces, engines) => {
        const { steps } = planEscalation({ model, rows, paces, engines });
        const [small, large] = [secondsOf(steps[0]), secondsOf(steps[1])];
        if (engines.kind === "side-by-side") {
          expect(small).toBeLessThanOrEqual(engines.secondsLeft[0] + 1e-9);
          expect(large).toBeLessThanOrEqual(engines.secondsLeft[1] + 1e-9);
        } else {
          const start = engines.running === 0 && steps[1].length > 0 ? engines.startUp.seconds : 0;
          expect(start + small + large).toBeLessThanOrEqual(engines.secondsLeft + 1e-9);
        }
      }),
    );
  });

  test("does not depend on the order of the rows in the input", () => {
    fc.assert(
      fc.property(rowsOfAnyKind, paces, engines, (rows, paces, engines) => {
        const forwards = planEscalation({ model, rows, paces, engines });
        expect(planEscalation({ model, rows: rows.toReversed(), paces, engines })).toEqual(forwards);
      }),
    );
  });

  test("is expected to bring no less in more time on engines that take turns", () => {
    fc.assert(
      fc.property(rowsOfAnyKind, paces, turns, seconds, (rows, paces, engines, more) => {
        if (engines.kind !== "turns") return;
        const longer = { ...engines, secondsLeft: engines.secondsLeft + more };
        const [short, long] = [engines, longer].map((engines) => planEscalation({ model, rows, paces, engines }));
        expect(long?.expectedFall).toBeGreaterThanOrEqual((short?.expectedFall ?? 0) - 1e-12);
      }),
    );
  });

  test("is expected to bring no less in more time side by side, but for the last step of each engine", () => {
    fc.assert(
      fc.property(rowsOfAnyKind, paces, sideBySide, fc.tuple(seconds, seconds), (rows, paces, engines, more) => {
        if (engines.kind !== "side-by-side") return;
        const [small, large] = engines.secondsLeft;
        const longer: EscalationEngines = { ...engines, secondsLeft: [small + more[0], large + more[1]] };
        const [short, long] = [engines, longer].map((engines) => planEscalation({ model, rows, paces, engines }));
        const largest = Math.max(0, ...rows.map(({ probabilities }) => fallOf(model.falls["10>22"], probabilities)));
        expect(long?.expectedFall).toBeGreaterThanOrEqual((short?.expectedFall ?? 0) - 2 * largest);
      }),
      { numRuns: 300 },
    );
  });

  test("asks each step of a row once, only where it brings something, and nothing in no time", () => {
    fc.assert(
      fc.property(rowsOfAnyKind, paces, engines, (rows, paces, engines) => {
        const { steps } = planEscalation({ model, rows, paces, engines });
        const names = steps.flat().map(({ row, step }) => `${row} ${step.judge} ${step.order}`);
        expect(new Set(names).size).toBe(names.length);
        const none: EscalationEngines =
          engines.kind === "turns" ? { ...engines, secondsLeft: 0 } : { ...engines, secondsLeft: [0, 0] };
        expect(planEscalation({ model, rows, paces, engines: none })).toMatchObject({
          action: "finish",
          expectedFall: 0,
          steps: [[], []],
        });
      }),
    );
  });
});

test("of rows with equal prompts the least certain ones are asked, and first", () => {
  fc.assert(
    fc.property(rowsOfAnyKind, paces, seconds, (rows, paces, secondsLeft) => {
      const equal = rows.map((row): EscalationRow => ({ ...row, tokens: [300, 300] }));
      const start = { seconds: 1e9, error: 0 };
      const engines: EscalationEngines = { kind: "turns", running: 0, secondsLeft, startUp: start };
      const asked = planEscalation({ model, rows: equal, paces, engines }).steps[0].map(({ row }) => row);
      const certain = equal.map(({ probabilities }) => impurity(probabilities));
      const order = asked.map((row) => certain[row] as number);
      expect(order).toEqual(order.toSorted((one, other) => other - one));
      const left = equal.filter(({ row }) => !asked.includes(row)).map(({ row }) => certain[row] as number);
      expect(Math.max(0, ...left)).toBeLessThanOrEqual(Math.min(1, ...order) + 1e-12);
    }),
  );
});

test("a plan for few rows reaches what trying all choices finds, but for less than one step", () => {
  fc.assert(
    fc.property(rowsOfAnyKind, paces, seconds, (rows, paces, secondsLeft) => {
      const few = rows.slice(0, 4);
      const engines: EscalationEngines = { kind: "turns", running: 1, secondsLeft, startUp: { seconds: 0, error: 0 } };
      const plan = planEscalation({ model, rows: few, paces, engines });
      const choices = few.map(({ probabilities, tokens }) => {
        const seconds = paces[1].secondsPerRow + paces[1].secondsPerToken * tokens[1];
        return [0, 1, 2].map((count) => ({
          value: count === 0 ? 0 : fallOf(model.falls[count === 1 ? "10>11" : "10>12"], probabilities),
          seconds: count * seconds,
        }));
      });
      let best = 0;
      for (let code = 0; code < 3 ** few.length; code += 1) {
        const picked = choices.map((options, place) => options[Math.floor(code / 3 ** place) % 3]);
        const used = picked.reduce((sum, option) => sum + (option?.seconds ?? 0), 0);
        if (used <= secondsLeft)
          best = Math.max(
            best,
            picked.reduce((sum, option) => sum + (option?.value ?? 0), 0),
          );
      }
      const largest = Math.max(0, ...choices.flat().map(({ value }) => value));
      expect(plan.expectedFall).toBeLessThanOrEqual(best + 1e-9);
      expect(plan.expectedFall).toBeGreaterThan(best - largest - 1e-9);
    }),
  );
});

describe("engines that take turns", () => {
  const rows = Array.from({ length: 100 }, (_, row): EscalationRow => {
    return { row, probabilities: [0.4, 0.3, 0.3], counts: [1, 0], open: STEPS, tokens: [500, 500] };
  });
  const paces = [
    { secondsPerRow: 0.1, secondsPerToken: 0, error: 0 },
    { secondsPerRow: 0.4, secondsPerToken: 0, error: 0 },
  ] as const;
  const planWith = (secondsLeft: number, start: number) =>
    planEscalation({
      model,
      rows,
      paces,
      engines: { kind: "turns", running: 0, secondsLeft, startUp: { seconds: start, error: 0 } },
    });

  test("stay with the small judge when the time does not pay for the start of the large one", () => {
    const plan = planWith(20, 18);
    expect(plan.action).toBe("ask");
    expect(plan.steps.map((steps) => steps.length)).toEqual([100, 0]);
  });

  test("ask the first of equal rows, whatever their order in the input", () => {
    const engines: EscalationEngines = {
      kind: "turns",
      running: 0,
      secondsLeft: 0.55,
      startUp: { seconds: 9, error: 0 },
    };
    const asked = (input: readonly EscalationRow[]) =>
      planEscalation({ model, rows: input, paces, engines }).steps[0].map(({ row }) => row);
    expect(asked(rows)).toEqual([0, 1, 2, 3, 4]);
    expect(asked(rows.toReversed())).toEqual([0, 1, 2, 3, 4]);
  });

  test("ask the least certain rows first where only both orders of the large judge bring something", () => {
    const falls = { ...model.falls, "10>20": 0, "10>11": 0, "10>12": 0.1, "10>21": 0, "10>22": 0.1 };
    const [certain, unsure] = (
      [
        [0.9, 0.05, 0.05],
        [0.4, 0.3, 0.3],
      ] as const
    ).map((probabilities, row): EscalationRow => ({ ...(rows[0] as EscalationRow), row, probabilities })) as [
      EscalationRow,
      EscalationRow,
    ];
    const engines: EscalationEngines = { kind: "side-by-side", secondsLeft: [9, 9] };
    const { steps } = planEscalation({ model: { ...model, falls }, rows: [certain, unsure], paces, engines });
    expect(steps[1].map(({ row, step }) => [row, step.order])).toEqual([
      [1, "ab"],
      [1, "ba"],
      [0, "ab"],
      [0, "ba"],
    ]);
  });

  test("go on with shorter prompts when a long one does not fit any more", () => {
    const engines: EscalationEngines = {
      kind: "turns",
      running: 0,
      secondsLeft: 0.55,
      startUp: { seconds: 9, error: 0 },
    };
    const long = {
      ...(rows[0] as EscalationRow),
      row: 0,
      probabilities: [0.34, 0.33, 0.33] as const,
      tokens: [9, 9] as const,
    };
    const short = rows
      .slice(1)
      .map((row): EscalationRow => ({ ...row, probabilities: [0.97, 0.02, 0.01], tokens: [0, 0] }));
    const slow = paces.map((pace) => ({ ...pace, secondsPerToken: 0.07 })) as [Pace, Pace];
    const ask = (input: readonly EscalationRow[]) => planEscalation({ model, rows: input, paces: slow, engines });
    expect(ask([long, ...short]).steps[0].map(({ row }) => row)).toEqual([1, 2, 3, 4, 5]);
  });

  test("stay when the large judge would bring more per second, but not enough for its start", () => {
    const [small, large] = [paces[0], { ...paces[1], secondsPerRow: 0.3 }];
    const plan = planEscalation({
      model,
      rows,
      paces: [small, large],
      engines: { kind: "turns", running: 0, secondsLeft: 12, startUp: { seconds: 4, error: 0 } },
    });
    expect(plan.steps.map((steps) => steps.length)).toEqual([100, 0]);
    expect(plan.choice?.change).toBeGreaterThan(0);
    expect(plan.choice?.change).toBeLessThan(plan.choice?.stay ?? 0);
  });

  test.each([30, Infinity])("stay when the engine of the large judge is gone, with %d s left", (secondsLeft) => {
    const plan = planWith(secondsLeft, Infinity);
    expect(plan.steps.map((steps) => steps.length)).toEqual([100, 0]);
    expect(plan.action).toBe("ask");
  });

  test("change at once when there is no deadline, and ask the large judge everything", () => {
    expect(planWith(Infinity, 20)).toMatchObject({ action: "switch", steps: [[], { length: 200 }] });
  });

  test("change at once when the large judge can answer everything that is worth its time", () => {
    expect(planWith(1_000, 20)).toMatchObject({ action: "switch", steps: [[], { length: 200 }] });
  });
});

test("without labelled rows the large judge replaces the small one, whose orders are averaged as log probabilities", () => {
  const small = { ab: [-1, -1.2, -1.1], ba: [-0.5, -2, -1.5] } as const;
  const large = { ab: [Math.log(0.7), Math.log(0.2), Math.log(0.1)], ba: null } as const;
  const both = [(-1 - 2) / 2, (-1.2 - 0.5) / 2, (-1.1 - 1.5) / 2].map(Math.exp);
  const total = both.reduce((sum, power) => sum + power, 0);
  for (const [k, p] of combineAnswers(model, [small, { ab: null, ba: null }]).entries()) {
    expect(p).toBeCloseTo((both[k] ?? 0) / total, 12);
  }
  for (const [k, p] of combineAnswers(model, [small, large]).entries())
    expect(p).toBeCloseTo([0.7, 0.2, 0.1][k] ?? 0, 12);
});
