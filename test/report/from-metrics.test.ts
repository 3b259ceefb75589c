import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparePairs } from "../../src/metrics/compare-pairs.ts";
import { evaluate } from "../../src/metrics/evaluate.ts";
import { swapStudy } from "../../src/metrics/swap.ts";
import {
  baselinesOf,
  intervalOf,
  pairOf,
  positionOf,
  reliabilityOf,
  scoresOf,
  sliceGroupOf,
} from "../../src/report/data/from-metrics.ts";
import { withTie } from "../helpers/matrix.ts";

// Eight rows, four of which say A with 0.8 and are right, and four that say B with 0.6 and are wrong.
const probabilities = Array.from({ length: 8 }, (_, row) => (row < 4 ? [0.8, 0.1, 0.1] : [0.2, 0.6, 0.2])).flat();
const scored = {
  probabilities: withTie(probabilities),
  truth: withTie(Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 1 : 0))),
  groups: Uint32Array.from({ length: 8 }, (_, row) => row),
};
const options = { seed: 1, resamples: 200 };

describe("what metrics computes, as a report shows it", () => {
  const evaluation = evaluate(scored, options);

  test("scores keep their values and intervals", () => {
    const scores = scoresOf("as submitted", evaluation);
    expect(scores.logLoss.value).toBeCloseTo((-Math.log(0.8) - Math.log(0.2)) / 2, 12);
    expect(scores.accuracy.value).toBe(0.5);
    expect(scores.logLoss.low).toBeLessThan(scores.logLoss.value);
    expect(scores.logLoss.high).toBeGreaterThan(scores.logLoss.value);
    expect(scores.rows).toBe(8);
    expect(scores.ece).toBe(evaluation.calibration.ece);
  });

  test("baselines are the class prior of these rows and a third for each, with what is gained over them row by row", () => {
    const [prior, uniform] = baselinesOf(evaluation);
    const { mean, error } = evaluation.prior.gain;
    expect(prior).toEqual({
      name: "class prior",
      logLoss: evaluation.prior.logLoss,
      gain: { value: mean, ...error?.interval },
    });
    const loss = evaluation.logLoss;
    expect(uniform).toMatchObject({ name: "uniform", logLoss: Math.log(3) });
    expect(uniform?.gain.value).toBeCloseTo(Math.log(3) - loss.mean, 12);
    expect(uniform?.gain.low).toBeCloseTo(Math.log(3) - (loss.error?.interval.high ?? Number.NaN), 12);
    expect(uniform?.gain.high).toBeCloseTo(Math.log(3) - (loss.error?.interval.low ?? Number.NaN), 12);
  });

  test("bins and slices keep their numbers", () => {
    const { bins } = reliabilityOf("top", evaluation.reliability, 0.1);
    expect(bins.map(({ predicted, observed }) => [predicted, observed.value])).toEqual([
      [expect.closeTo(0.6, 12), 0],
      [expect.closeTo(0.8, 12), 1],
    ]);
    const group = sliceGroupOf("Turns", [{ key: "1", rows: 8, result: evaluation }]);
    expect(group.slices[0]).toMatchObject({ name: "1", rows: 8, accuracy: { value: 0.5 } });
  });

  test("too few groups leave an interval without ends", () => {
    const few = evaluate({ ...scored, groups: new Uint32Array(8) }, options);
    expect(scoresOf("x", few).logLoss).toMatchObject({ low: null, high: null });
  });

  test("intervals of few rows stay within the range of their score, and have two finite ends or none", () => {
    const row = fc.record({ verdict: fc.nat(2), truth: fc.nat(2), group: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 9 }), (rows) => {
        const few = {
          probabilities: withTie(rows.flatMap(({ verdict }) => [0, 1, 2].map((k) => (k === verdict ? 0.8 : 0.1)))),
          truth: withTie(rows.flatMap(({ truth }) => [0, 1, 2].map((k) => Number(k === truth)))),
          groups: Uint32Array.from(rows, ({ group }) => group),
        };
        const { logLoss, accuracy, brier } = scoresOf("x", evaluate(few, options));
        for (const [{ low, high }, most] of [
          [logLoss, Number.MAX_VALUE],
          [accuracy, 1],
          [brier, 2],
        ] as const) {
          if (low === null || high === null) expect([low, high]).toEqual([null, null]);
          else expect(0 <= low && low <= high && high <= most).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("an interval without finite ends is left out, and one that leaves the range of its score is cut", () => {
    expect(intervalOf(0.1, { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })).toEqual({
      value: 0.1,
      low: null,
      high: null,
    });
    expect(intervalOf(0.2, { low: -0.014, high: 0.414 }, [0, 1])).toEqual({ value: 0.2, low: 0, high: 0.414 });
  });

  test("a study of both orders becomes shares of its rows, and nothing when there were none", () => {
    const swapped = withTie([0.1, 0.8, 0.1, ...probabilities.slice(3)]);
    const position = positionOf(swapStudy(scored.probabilities, swapped, scored.groups, options));
    expect(position).toMatchObject({ rows: 8, flipRate: { value: 1 / 8 }, towardFirst: 1 / 8, towardSecond: 0 });
    const none = withTie([]);
    expect(positionOf(swapStudy(none, none, new Uint32Array(), options))).toBeNull();
  });

  test("a pair is decided only when its adjusted p value and the noise floor allow it", () => {
    const sharper = withTie(probabilities.map((value, index) => (index % 3 === 0 ? value * 1.1 : value * 0.9)));
    const variants = [
      { name: "one", probabilities: scored.probabilities, msPerRow: 10 },
      { name: "two", probabilities: sharper, msPerRow: 11 },
    ];
    const [pair] = comparePairs(variants, scored, options);
    if (pair === undefined) throw new Error("no pair");
    expect(pairOf(pair, "raw", null)).toMatchObject({ first: "one", second: "two", better: "second", measure: "raw" });
    expect(pairOf(pair, "raw", null).difference.value).toBeCloseTo(Math.log(1.1), 12);
    expect(pairOf(pair, "raw", null).sentence).toMatch(/^two is better by 0\.095 nats/);
    expect(pairOf(pair, "raw", 0.2).better).toBeNull();
    expect(pairOf({ ...pair, p: 0.051 }, "raw", null).better).toBeNull();
    expect(pairOf({ ...pair, p: null }, "raw", null).better).toBeNull();
  });
});
