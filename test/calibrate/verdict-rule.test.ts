import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitVerdictRule, verdictBy } from "../../src/calibrate/verdict-rule.ts";
import { fitVerdictRules, splitForVerdicts, verdictOfRow } from "../../src/calibrate/verdicts.ts";
import { matrixOf } from "../../src/class-matrix.ts";
import { argmax, softmax } from "../../src/classes.ts";
import { binomialAtMost } from "../../src/stats/binomial.ts";
import { CLASSES, type Classes, type PerClass, WITHOUT_TIE } from "../../src/types.ts";
import golden from "../fixtures/calibrate/verdicts.json" with { type: "json" };
import { seeded } from "../helpers/random.ts";

const TARGETS = { coverage: 0.9, maxError: 0.2, confidence: 0.9 };

/** Rows of a judge that sees the log odds of the truth with an error. */
function simulated(seed: number, rows: number, classes: Classes, error = 0.5) {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const judged = Array.from({ length: rows }, () => {
    const odds = classes.map((name) => 1.5 * normal() - (name === "tie" ? 1 : 0));
    const chances = softmax(perClassOf(odds));
    const u = random();
    const winner = chances.findIndex((_, k) => u < chances.slice(0, k + 1).reduce((sum, p) => sum + p, 0));
    const seen = softmax(perClassOf(odds.map((value) => value + error * normal())));
    return { seen, winner: winner < 0 ? classes.length - 1 : winner };
  });
  return {
    probabilities: matrixOf(
      classes,
      judged.map(({ seen }) => seen),
    ),
    truth: matrixOf(
      classes,
      judged.map(({ winner }) => perClassOf(classes.map((_, k) => Number(k === winner)))),
    ),
    groups: Uint32Array.from({ length: rows }, (_, row) => row),
    rows: judged,
  };
}

function perClassOf([a = 0, b = 0, tie]: readonly number[]): PerClass {
  return tie === undefined ? [a, b] : [a, b, tie];
}

describe("the rule for sets of verdicts", () => {
  test.each(golden.cases)("is equal to the label-conditional conformal classifier of crepes, case %#", (expected) => {
    const rows = {
      probabilities: { classes: CLASSES, values: Float64Array.from(expected.probabilities) },
      truth: {
        classes: CLASSES,
        values: Float64Array.from(expected.labels.flatMap((label) => [0, 1, 2].map((k) => Number(k === label)))),
      },
      groups: Uint32Array.from(expected.labels.keys()),
    };
    const rule = fitVerdictRule(rows, { ...TARGETS, coverage: expected.coverage }, 1);
    for (const [row, set] of expected.sets.entries()) {
      const [a = 0, b = 0, tie = 0] = expected.asked.slice(3 * row, 3 * row + 3);
      expect(verdictBy(rule, [a, b, tie]).set).toEqual(CLASSES.filter((_, k) => set[k] === 1));
    }
  });

  test.each([CLASSES, WITHOUT_TIE])(
    "holds the true class of other rows as often as it says, by class: %s",
    (...classes) => {
      const names = classes.length === 3 ? CLASSES : WITHOUT_TIE;
      const held = new Float64Array(3);
      const count = new Float64Array(3);
      for (let seed = 0; seed < 60; seed += 1) {
        const rule = fitVerdictRule(simulated(seed, 150, names), TARGETS, seed);
        for (const { seen, winner } of simulated(seed + 1_000, 200, names).rows) {
          count[winner] = (count[winner] ?? 0) + 1;
          if (verdictBy(rule, seen).set.includes(CLASSES[winner] ?? "a")) held[winner] = (held[winner] ?? 0) + 1;
        }
      }
      for (const [index, name] of names.entries()) {
        const coverage = (held[index] ?? 0) / (count[index] ?? 0);
        expect({ name, coverage: coverage > 0.885 && coverage < 0.925 }).toEqual({ name, coverage: true });
      }
    },
  );

  test("counts the rows of a prompt as fewer the more alike they are", () => {
    const rows = simulated(6, 200, CLASSES);
    const twice = (copies: number) => ({
      probabilities: matrixOf(
        CLASSES,
        Array.from({ length: copies }, () => rows.rows)
          .flat()
          .map(({ seen }) => seen),
      ),
      truth: matrixOf(
        CLASSES,
        Array.from({ length: copies }, () => rows.rows)
          .flat()
          .map(({ winner }) => perClassOf(CLASSES.map((_, k) => Number(k === winner)))),
      ),
      groups: Uint32Array.from({ length: 200 * copies }, (_, row) => row % 200),
    });
    // Copies of all rows are no further evidence, so that they change nothing.
    expect(fitVerdictRule(twice(5), TARGETS, 1).least).toEqual(fitVerdictRule(twice(1), TARGETS, 1).least);
  });

  test("holds every class that too few rows have", () => {
    const rows = simulated(3, 40, CLASSES);
    const few = {
      ...rows,
      truth: matrixOf(
        CLASSES,
        rows.rows.map((_, row) => (row < 5 ? [0, 0, 1] : row % 2 ? [1, 0, 0] : [0, 1, 0])),
      ),
    };
    const rule = fitVerdictRule(few, TARGETS, 1);
    expect(rule.least[2]).toBe(0);
    void fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (p) => {
        const { set } = verdictBy(rule, [p, (1 - p) / 2, (1 - p) / 2]);
        expect(set).toContain("tie");
      }),
    );
  });
});

describe("the threshold for accepted verdicts", () => {
  test("keeps the error of accepted verdicts in at least as many draws as the confidence says", () => {
    let kept = 0;
    let used = 0;
    const draws = 200;
    for (let seed = 0; seed < draws; seed += 1) {
      const rule = fitVerdictRule(simulated(seed, 200, CLASSES), TARGETS, seed);
      const accepted = simulated(seed + 5_000, 1_500, CLASSES).rows.filter(
        ({ seen }) => !verdictBy(rule, seen).abstains,
      );
      const errors = accepted.filter(({ seen, winner }) => argmax(seen) !== winner).length;
      if (rule.accept !== null) used += 1;
      if (accepted.length === 0 || errors / accepted.length <= TARGETS.maxError) kept += 1;
    }
    expect(used).toBeGreaterThan(draws / 2);
    expect(kept / draws).toBeGreaterThanOrEqual(0.87);
  });

  test("accepts no verdict of a judge that knows nothing, and all of one that is always right", () => {
    const rows = simulated(1, 200, CLASSES);
    const blind = {
      ...rows,
      truth: matrixOf(
        CLASSES,
        rows.rows.map((_, row) => (row % 2 ? [1, 0, 0] : [0, 1, 0])),
      ),
    };
    expect(fitVerdictRule(blind, TARGETS, 1).accept).toBeNull();
    const right = matrixOf(
      CLASSES,
      rows.rows.map(({ seen }) => perClassOf(CLASSES.map((_, k) => Number(k === argmax(seen))))),
    );
    const rule = fitVerdictRule({ ...rows, truth: right }, TARGETS, 1);
    expect(rule.accepted).toEqual({ rows: 200, errors: 0, of: 200 });
    expect(rows.rows.every(({ seen }) => !verdictBy(rule, seen).abstains)).toBe(true);
  });

  test("counts one row of a prompt, so that copies of a row are no evidence", () => {
    const rows = simulated(2, 30, CLASSES);
    const copies = Array.from({ length: 10 }, () => rows.rows).flat();
    const copied = {
      probabilities: matrixOf(
        CLASSES,
        copies.map(({ seen }) => seen),
      ),
      truth: matrixOf(
        CLASSES,
        copies.map(({ winner }) => perClassOf(CLASSES.map((_, k) => Number(k === winner)))),
      ),
      groups: Uint32Array.from(copies, (_, row) => row % 30),
    };
    expect(fitVerdictRule(copied, TARGETS, 1).accepted.of).toBe(30);
  });
});

describe("the rules of a calibration", () => {
  test("leave prompts whole, and half of the rows to the fit", () => {
    const groups = Uint32Array.from({ length: 100 }, (_, row) => row % 20);
    const { fit, rules } = splitForVerdicts(groups, 1);
    const fitted = new Set(Array.from(fit, (row) => groups[row]));
    expect(Array.from(rules, (row) => groups[row]).some((group) => fitted.has(group))).toBe(false);
    expect([fit.length, rules.length]).toEqual([50, 50]);
  });

  test("abstain where the labelled rows say nothing: no answer, a shorter context, a changed answer, another kind of answer", () => {
    const { probabilities, truth, groups } = simulated(4, 200, CLASSES);
    const logs = { classes: CLASSES, values: probabilities.values.map(Math.log) };
    const none = { classes: CLASSES, values: new Float64Array(600).fill(Number.NaN) };
    const parameters = { scale: 1, bias: [0, 0, 0] as const, first: 0, both: 1 };
    const rules = fitVerdictRules(parameters, { readings: { ab: logs, ba: none }, truth, groups }, TARGETS, 1);
    expect(rules.bothOrders).toBeNull();
    const sure: PerClass = [0.98, 0.01, 0.01];
    expect(verdictOfRow(rules, { probabilities: sure, obtained: "one-order", reason: null })).toEqual({
      set: ["a"],
      abstains: false,
    });
    for (const row of [
      { obtained: "both-orders", reason: null },
      { obtained: "one-order-short", reason: null },
      { obtained: "prior", reason: "not reached" },
      { obtained: "one-order", reason: "label mass below 0.5" },
    ] as const) {
      expect(verdictOfRow(rules, { probabilities: sure, ...row })).toEqual({ set: ["a", "b", "tie"], abstains: true });
    }
  });
});

test("the binomial distribution function is equal to scipy's, also for many trials", () => {
  for (const [hits = 0, trials = 0, chance = 0, expected = 0] of golden.binomial) {
    expect(Math.abs(binomialAtMost(hits, trials, chance) - expected)).toBeLessThanOrEqual(1e-9 * expected);
  }
});
