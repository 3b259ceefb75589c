import { describe, expect, test } from "vitest";
import { fitCalibration, type Kind, type LabelledReadings } from "../../src/calibrate/fit.ts";
import golden from "../fixtures/calibrate/golden.json" with { type: "json" };
import { withTie } from "../helpers/matrix.ts";
import { generatedReadings } from "./generated-readings.ts";

describe("equal to scipy's optimiser", () => {
  test.each(golden)("on generated readings $set, $kind", ({ set, kind, parameters }) => {
    const labelled = generatedReadings(set);
    const found = fitCalibration(kind as Kind, labelled, Uint32Array.from(labelled.groups.keys()));
    const [scale, lean, tie, first, both] = parameters as [number, number, number, number, number];
    expect(found.scale).toBeCloseTo(scale, 6);
    expect(found.bias[0]).toBeCloseTo(lean, 6);
    expect(found.bias[1]).toBeCloseTo(-lean, 6);
    if (labelled.truth.classes.length === 3) expect(found.bias[2]).toBeCloseTo(tie, 6);
    else expect(found.bias).toHaveLength(2);
    expect(found.first).toBeCloseTo(first, 6);
    expect(found.both).toBeCloseTo(both, 6);
  });
});

test("finds the parameters that spoilt a calibrated judge", () => {
  const labelled = spoiled({ scale: 0.4, lean: 0.3, tie: -0.7, first: 0.5 }, 4_000);
  const rows = Uint32Array.from(labelled.groups.keys());
  const found = fitCalibration("temperature-bias-position", labelled, rows);
  expect(found.scale).toBeCloseTo(0.4, 1);
  expect(found.bias[0]).toBeCloseTo(0.3, 1);
  expect(found.bias[2]).toBeCloseTo(-0.7, 1);
  expect(found.first).toBeCloseTo(0.5, 1);
});

test("ignores a judge that is wrong more often than chance instead of believing it upside down", () => {
  const labelled = spoiled({ scale: -0.5, lean: 0.2, tie: -0.7, first: 0 }, 2_000);
  const rows = Uint32Array.from(labelled.groups.keys());
  const found = fitCalibration("temperature-bias", labelled, rows);
  expect(found.scale).toBe(0);
  expect(Math.abs(found.bias[2] ?? 0)).toBeGreaterThan(0.2);
});

test("stays finite where the readings predict every label", () => {
  const labelled = spoiled({ scale: 200, lean: 0, tie: 0, first: 0 }, 200);
  const found = fitCalibration("temperature-bias", labelled, Uint32Array.from(labelled.groups.keys()));
  expect(Number.isFinite(found.scale)).toBe(true);
  expect(found.scale).toBeGreaterThan(1);
});

interface Spoiling {
  readonly scale: number;
  readonly lean: number;
  readonly tie: number;
  readonly first: number;
}

/** Readings in turns of order ab and ba whose labels follow softmax(scale x reading + biases). */
function spoiled({ scale, lean, tie, first }: Spoiling, count: number): LabelledReadings {
  let x = 7;
  const next = (): number => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return (x + 0.5) / 2 ** 32;
  };
  const ab = new Float64Array(3 * count).fill(Number.NaN);
  const ba = new Float64Array(3 * count).fill(Number.NaN);
  const truth = new Float64Array(3 * count);
  for (let row = 0; row < count; row += 1) {
    const shown = [4 * next() - 2, 4 * next() - 2, 4 * next() - 2] as const;
    const swapped = row % 2 === 1;
    (swapped ? ba : ab).set(shown, 3 * row);
    const [a, b] = swapped ? [shown[1], shown[0]] : [shown[0], shown[1]];
    const weights = [
      Math.exp(scale * a + lean + (swapped ? 0 : first)),
      Math.exp(scale * b - lean + (swapped ? first : 0)),
      Math.exp(scale * shown[2] + tie),
    ] as const;
    const u = next() * (weights[0] + weights[1] + weights[2]);
    truth[3 * row + (u < weights[0] ? 0 : u < weights[0] + weights[1] ? 1 : 2)] = 1;
  }
  return {
    readings: { ab: withTie(ab), ba: withTie(ba) },
    truth: withTie(truth),
    groups: Uint32Array.from({ length: count }, (_, row) => row),
  };
}
