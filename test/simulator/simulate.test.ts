import { describe, expect, test } from "vitest";
import { ANYTHING, drawScenario, LARGE, NIGHT, SHAKY, SMALL, STEADY } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import { type ForecastCheck, judgeScenario } from "./verdict.ts";

/** bench/clock-simulation.mjs runs a thousand of these, and prints what they say. */
const SEEDS = Array.from({ length: 24 }, (_, seed) => seed);

describe("hours of scoring in the time of a simulated engine, whatever goes wrong", () => {
  const verdicts = SEEDS.map((seed) => judgeScenario(seed, ANYTHING, { decisions: 300 }));

  test("every scenario ends on time, with exactly one end for each row", () => {
    expect(verdicts.filter(({ wrongs }) => wrongs.length > 0)).toEqual([]);
  });

  test("the scenarios hold every kind of fault, and runs with ample and with scarce time", () => {
    expect(new Set(verdicts.flatMap(({ faults }) => faults))).toEqual(
      new Set(["death", "storm", "hang", "slow", "drift"]),
    );
    expect([...new Set(verdicts.map(({ stop }) => stop))]).toEqual(expect.arrayContaining(["complete", "time-up"]));
  });

  test("no step below the best feasible one is taken for more than 5 % of the time without saying why", () => {
    expect(verdicts.filter(({ below }) => below.unstatedShare > 0.05)).toEqual([]);
  });

  test("without faults, a step that fits with a fifth of the time to spare is not left for more than 5 % of the time", () => {
    const quiet = { ...ANYTHING, faults: STEADY.faults, rows: [800, 1_500], load: [0.3, 0.7] } as const;
    const calm = SEEDS.slice(0, 8).map((seed) => judgeScenario(seed, quiet, { decisions: 300 }));
    expect(calm.map(({ below }) => below.clearShare).filter((share) => share > 0.05)).toEqual([]);
  });
});

describe("forecasts when the speed does not change later", () => {
  test("are right to about 2 % from 2 % of the rows on, and within their intervals", () => {
    const checks = SEEDS.slice(0, 20).flatMap((seed) => forecasts(seed, STEADY));
    const early = checks.filter(({ share }) => share === 0.02);
    expect(early).toHaveLength(20);
    expect(median(early.map(({ error }) => Math.abs(error)))).toBeLessThan(0.025);
    expect(checks.filter(({ covered }) => covered).length / checks.length).toBeGreaterThan(0.8);
  });

  test("of a night's job are right to 5 % from 2 % of the rows on", () => {
    const early = SEEDS.slice(0, 4).flatMap((seed) => forecasts(seed, NIGHT).filter(({ share }) => share === 0.02));
    expect(early).toHaveLength(4);
    for (const { error } of early) expect(Math.abs(error)).toBeLessThan(0.05);
  });

  test("of small jobs are wide enough to hold the truth", () => {
    const checks = Array.from({ length: 40 }, (_, seed) => seed).flatMap((seed) => forecasts(seed, SMALL));
    expect(checks.length).toBeGreaterThan(40);
    expect(checks.filter(({ covered }) => covered).length / checks.length).toBeGreaterThan(0.8);
  });

  // How fast such a machine will be is not to be known: the interval holds the truth in most cases, not in 90 %.
  test("of small jobs on a machine that others use hold the truth in most cases", () => {
    const checks = SEEDS.flatMap((seed) => forecasts(seed, SHAKY));
    expect(checks.filter(({ covered }) => covered).length / checks.length).toBeGreaterThan(0.6);
  });
});

test("25,000 rows in nine hours end complete and on time", () => {
  const { rows, wrongs, stop } = judgeScenario(0, LARGE);
  expect({ rows, wrongs, stop }).toEqual({ rows: 25_000, wrongs: [], stop: "complete" });
});

test("an engine that dies for good ends the run with what there is, before the deadline", () => {
  const scenario = drawScenario(3, { ...ANYTHING, faults: STEADY.faults });
  const at = scenario.deadlineMs / 3;
  const { rows, last, endedAt } = simulate({ ...scenario, faults: [{ kind: "death", at, comesBack: false }] });
  expect(last.stop?.kind).toBe("engine-lost");
  expect(endedAt).toBeLessThan(scenario.deadlineMs);
  expect(rows.filter((row) => row === "prior").length).toBeGreaterThan(0);
  expect(rows.filter((row) => row !== "prior").length).toBeGreaterThan(0);
});

function forecasts(seed: number, bounds: typeof STEADY): readonly ForecastCheck[] {
  return judgeScenario(seed, bounds, { orders: "one", decisions: 200 }).forecasts;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
