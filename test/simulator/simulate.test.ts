import { describe, expect, test } from "vitest";
import { drawScenario, NO_FAULTS } from "./scenario.ts";
import { simulate } from "./simulate.ts";

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const FAULTS = { death: 0.2, storm: 0.2, hang: 0.2, slow: 0.2, drift: 0.2 };

describe("hours of scoring in the time of a simulated engine", () => {
  test.each(SEEDS)("ends on time with every row accounted for, whatever goes wrong (seed %i)", (seed) => {
    const bounds = { rows: [200, 2_000], minutes: [10, 240], load: [0.3, 3], faults: FAULTS, isTimed: true } as const;
    const scenario = drawScenario(seed, bounds);
    const result = simulate(scenario);
    expect(result.rows).toHaveLength(scenario.lengths.length);
    expect(result.endedAt).toBeLessThanOrEqual(scenario.deadlineMs);
  });

  test("foresees the end from 2 % of the rows when the speed does not change later", () => {
    const errors = SEEDS.flatMap((seed) => {
      const bounds = {
        rows: [2_000, 8_000],
        minutes: [30, 540],
        load: [0.4, 1.2],
        faults: NO_FAULTS,
        isTimed: false,
      } as const;
      const { state } = simulate(drawScenario(seed, bounds), { orders: "one", decisions: 300 });
      const mark = state.history.marks.find(({ share }) => share === 0.02);
      const end = state.first.endedAt;
      return mark === undefined || end === null ? [] : [Math.abs(mark.point.endAt - end) / (end - mark.point.at)];
    }).sort((one, other) => one - other);
    expect(errors.length).toBe(SEEDS.length);
    const median = errors[Math.floor(errors.length / 2)] ?? 1;
    console.info(
      `median error at 2 %: ${(100 * median).toFixed(2)} %, 95th percentile ${(100 * (errors[37] ?? 1)).toFixed(2)} %`,
    );
    expect(median).toBeLessThan(0.03);
  }, 120_000);
});
