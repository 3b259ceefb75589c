import { describe, expect, test } from "vitest";
import { type ClassMatrix, matrixOf, pickRows, rowAt } from "../../src/class-matrix.ts";
import { confusionOf, hits, majorityHits } from "../../src/metrics/accuracy.ts";
import { brierScores } from "../../src/metrics/brier.ts";
import { calibrationError } from "../../src/metrics/calibration-error.ts";
import { labelsFor } from "../../src/metrics/labels-for.ts";
import { logLosses } from "../../src/metrics/log-loss.ts";
import { reliabilityBins } from "../../src/metrics/reliability.ts";
import { bootstrapMean } from "../../src/stats/bootstrap.ts";
import { mcnemarExact } from "../../src/stats/mcnemar.ts";
import { type PerClass, WITHOUT_TIE } from "../../src/types.ts";
import golden from "../fixtures/metrics/golden.json" with { type: "json" };
import { generatedSet } from "./generated-sets.ts";
import { DATA, realSet } from "./real-sets.ts";

type Measures = Omit<(typeof golden.generated)[number], "set" | "rows">;

describe("metrics equal scikit-learn and scipy to 1e-9", () => {
  test.each(golden.generated)("on generated set $set of $rows rows", (expected) => {
    const { probabilities, truth, groups } = generatedSet(expected.set);
    expect(groups.length).toBe(expected.rows);
    expectMeasures(probabilities, truth, groups, expected);
  });

  test.each(golden.withoutTies)("on generated set $set without its ties, $rows rows of two classes", (expected) => {
    const { probabilities, truth, groups } = generatedSet(expected.set);
    const { rows, truth: restricted } = labelsFor(WITHOUT_TIE, truth);
    expect(rows.length).toBe(expected.rows);
    const two = matrixOf(
      WITHOUT_TIE,
      Array.from(rows, (row): PerClass => {
        const [a, b] = rowAt(probabilities, row);
        return a + b > 0 ? [a / (a + b), b / (a + b)] : [0.5, 0.5];
      }),
    );
    const members = rows.map((row) => groups[row] ?? 0);
    expectMeasures(two, pickRows(restricted, rows), members, expected);
  });

  test.for([
    ["pandalm", "pandalm", false],
    ["vicuna80", "vicuna80", false],
    ["pandalm votes", "pandalm", true],
  ] as const)("on %s, predicted by class prior and by length", ([name, file, votes], context) => {
    const set = realSet(file, votes);
    if (set === null) return context.skip(`no ${file}.csv in ${DATA}: set ABTIE_DATA to the folder that has it`);
    const expected = golden.real[name];
    expect(set.groups.length).toBe(expected.rows);
    expectMeasures(set.prior, set.truth, set.groups, expected.prior);
    expectMeasures(set.lengths, set.truth, set.groups, expected.lengths);
    const right = [majorityHits(set.prior, set.truth), majorityHits(set.lengths, set.truth)] as const;
    const onlyPrior = right[0].filter((hit, row) => hit && !right[1][row]).length;
    const onlyLengths = right[1].filter((hit, row) => hit && !right[0][row]).length;
    expect([onlyPrior, onlyLengths]).toEqual(expected.only);
    expect(mcnemarExact(onlyPrior, onlyLengths) / expected.mcnemar).toBeCloseTo(1, 9);
  });
});

function expectMeasures(p: ClassMatrix, truth: ClassMatrix, groups: Uint32Array, expected: Measures): void {
  const losses = logLosses(p, truth);
  near(mean(losses), expected.logLoss);
  near(mean(losses) * losses.length, expected.lossSum, 1e-9 * losses.length);
  near(mean(hits(p, truth)), expected.accuracy);
  near(mean(brierScores(p, truth)), expected.brier);
  for (const [row, line] of confusionOf(p, truth).entries()) {
    for (const [column, value] of line.entries()) near(value, expected.confusion[row]?.[column]);
  }
  const { ece, whenCalibrated } = calibrationError(p, truth);
  near(ece, expected.ece);
  near(whenCalibrated, expected.whenCalibrated);
  const bins = reliabilityBins(p, truth);
  expect(bins.length).toBe(expected.bins.length);
  for (const [place, bin] of bins.entries()) {
    const found = [bin.rows, bin.predicted, bin.observed, bin.interval.low, bin.interval.high];
    // scipy's interval takes whole numbers only, so there is none where truth is votes.
    for (const [column, value] of found.entries()) near(value, expected.bins[place]?.[column] ?? value);
  }
  const { error } = bootstrapMean(losses, groups, { seed: 1, resamples: 10 });
  if (expected.standardError === null) expect(error).toBeNull();
  else near(error?.standardError, expected.standardError);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function near(found: number | undefined, expected: number | undefined, tolerance = 1e-9): void {
  expect(Math.abs((found ?? Number.NaN) - (expected ?? Number.NaN))).toBeLessThan(tolerance);
}
