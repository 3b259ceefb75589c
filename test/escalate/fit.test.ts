import { describe, expect, test } from "vitest";
import { createCombinationFitter, type LabelledJudges } from "../../src/escalate/fit.ts";
import { POOLED } from "../../src/escalate/model.ts";
import golden from "../fixtures/escalate/golden.json" with { type: "json" };
import { withoutTie, withTie } from "../helpers/matrix.ts";
import { simulateLabelled } from "./two-judges.ts";

describe("the weights of the pool are those of scikit-learn and scipy", () => {
  test.each(golden)("with $classes classes", (set) => {
    const labelled = labelledOf(set);
    const fitTo = createCombinationFitter(labelled, ["temperature", "temperature"]);
    const { weights } = fitTo(Uint32Array.from(labelled.groups.keys()));
    for (const key of POOLED) {
      expect(weights[key].small).toBeCloseTo(set.weights[key][0] as number, 5);
      expect(weights[key].large).toBeCloseTo(set.weights[key][1] as number, 5);
    }
  });
});

test("a judge whose best weight would be negative is left out", () => {
  // The small judge sees the error of the large one better than the truth, so that the best fit would subtract it.
  const labelled = simulateLabelled({ small: 0.1, large: 0.1 }, 400, 5);
  const [small, large] = labelled.readings;
  const random = simulateLabelled({ small: 2, large: 2 }, 400, 6).readings[0].ab.values;
  const blend = (one: LabelledJudges["readings"][0]["ab"], share: number) => ({
    ...one,
    values: one.values.map((value, place) => share * value + (random[place] as number)),
  });
  const nothing = { ...small.ba, values: small.ba.values.map(() => Number.NaN) };
  const fitTo = createCombinationFitter(
    {
      ...labelled,
      readings: [
        { ab: blend(small.ab, 0.3), ba: nothing },
        { ab: blend(large.ab, 1), ba: nothing },
      ],
    },
    ["temperature", "temperature"],
  );
  const { judges, weights } = fitTo(Uint32Array.from(labelled.groups.keys()));
  expect(judges[0].scale).toBeGreaterThan(0);
  expect(weights["11"].small).toBe(0);
  expect(weights["11"].large).toBeGreaterThan(0.5);
});

function labelledOf({ classes, readings, labels }: (typeof golden)[number]): LabelledJudges {
  const matrix = classes === 2 ? withoutTie : withTie;
  const judge = (index: number) => ({
    ab: matrix(readings[index]?.[0] as number[]),
    ba: matrix(readings[index]?.[1] as number[]),
  });
  return {
    readings: [judge(0), judge(1)],
    truth: matrix(labels.flatMap((label) => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0)))),
    groups: Uint32Array.from(labels.keys()),
  };
}
