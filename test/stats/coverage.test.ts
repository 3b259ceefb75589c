import { expect, test } from "vitest";
import { bootstrapMean } from "../../src/stats/bootstrap.ts";
import { simulateJudges } from "./simulated-judges.ts";

test("covers the true difference in 93.5 to 96.5 % of 2,000 simulated comparisons with grouped rows", () => {
  let covered = 0;
  let significant = 0;
  for (let seed = 0; seed < 2_000; seed += 1) {
    const { differences, groups } = simulateJudges({ seed, groups: 80, meanGroup: 3, errors: [0.7, 0.7] });
    const { error } = bootstrapMean(differences, groups, { seed, resamples: 999 });
    if (error === null) throw new Error("80 groups are enough for an interval");
    if (error.interval.low <= 0 && error.interval.high >= 0) covered += 1;
    if (error.p <= 0.05) significant += 1;
  }
  expect(covered / 2_000).toBeGreaterThanOrEqual(0.935);
  expect(covered / 2_000).toBeLessThanOrEqual(0.965);
  expect(significant).toBe(2_000 - covered);
});
