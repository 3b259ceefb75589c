import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClassMatrix, matrixOf } from "../../src/class-matrix.ts";
import { perClass } from "../../src/classes.ts";
import { agreementOf } from "../../src/metrics/agreement.ts";
import { rateInterval } from "../../src/stats/rate-interval.ts";
import { wilsonInterval } from "../../src/stats/wilson.ts";
import { CLASSES } from "../../src/types.ts";
import golden from "../fixtures/metrics/agreement.json" with { type: "json" };

/** Probabilities whose most probable classes are these. */
function certain(verdicts: readonly number[]): ClassMatrix {
  return matrixOf(
    CLASSES,
    verdicts.map((verdict) => perClass(CLASSES, (_, k) => (k === verdict ? 0.8 : 0.1))),
  );
}

const alone = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row);

describe("the agreement of two judges", () => {
  test.each(golden)("equals scikit-learn and statsmodels, interval included (kappa $kappa)", (expected) => {
    const { first, second, table, kappa, low, high, share } = expected;
    const found = agreementOf(certain(first), certain(second), alone(first.length));
    expect(found.verdicts).toEqual(table);
    expect(found.kappa?.value).toBeCloseTo(kappa, 12);
    expect(found.kappa?.interval?.low).toBeCloseTo(low, 9);
    expect(found.kappa?.interval?.high).toBeCloseTo(Math.min(1, high), 9);
    for (const [index, value] of [found.share, found.shareInterval.low, found.shareInterval.high].entries()) {
      expect(value).toBeCloseTo(share[index] ?? Number.NaN, 9);
    }
    // Rows that are given twice are no further evidence: as groups of two they give the same intervals.
    const twice = agreementOf(
      certain([...first, ...first]),
      certain([...second, ...second]),
      Uint32Array.from([...alone(first.length), ...alone(first.length)]),
    );
    expect(twice.kappa?.interval?.low).toBeCloseTo(low, 9);
    expect(twice.shareInterval.low).toBeCloseTo(share[1] ?? Number.NaN, 9);
  });

  test("has no kappa when all verdicts are the same, and no interval of kappa when no row differs", () => {
    expect(agreementOf(certain([0, 0, 0, 0, 0]), certain([0, 0, 0, 0, 0]), alone(5)).kappa).toBeNull();
    const perfect = agreementOf(certain([0, 1, 2, 0, 1]), certain([0, 1, 2, 0, 1]), alone(5));
    expect(perfect).toMatchObject({ share: 1, kappa: { value: 1, interval: null }, distance: 0 });
    expect(perfect.shareInterval).toEqual(wilsonInterval(5, 5, 0.95));
  });

  test("has an interval of the share within 0 and 1 that contains the share, whatever the rows", () => {
    const row = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 }));
    void fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const hits = Float64Array.from(rows, ([hit]) => Number(hit));
        const groups = Uint32Array.from(rows, ([, group]) => group);
        const share = hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
        const { low, high } = rateInterval(hits, groups, 0.95);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
        expect(high).toBeGreaterThan(low);
      }),
    );
  });
});
