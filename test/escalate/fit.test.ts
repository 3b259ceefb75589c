import { describe, expect, test } from "vitest";
import { createCombinationFitter, type LabelledJudges } from "../../src/escalate/fit.ts";
import { POOLED } from "../../src/escalate/model.ts";
import golden from "../fixtures/escalate/golden.json" with { type: "json" };
import { withoutTie, withTie } from "../helpers/matrix.ts";

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

test("a judge that is better left out gets the weight 0, and no judge is believed upside down", () => {
  const [set] = golden;
  if (set === undefined) throw new Error("no golden set");
  const labelled = labelledOf(set);
  const reversed = {
    ...labelled.readings[1],
    ab: negated(labelled.readings[1].ab),
    ba: negated(labelled.readings[1].ba),
  };
  const fitTo = createCombinationFitter({ ...labelled, readings: [labelled.readings[0], reversed] }, [
    "temperature",
    "temperature",
  ]);
  const { weights } = fitTo(Uint32Array.from(labelled.groups.keys()));
  for (const key of POOLED) {
    expect(weights[key].small).toBeGreaterThan(0.5);
    expect(weights[key].large).toBeGreaterThanOrEqual(0);
  }
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

function negated(readings: LabelledJudges["readings"][0]["ab"]): LabelledJudges["readings"][0]["ab"] {
  return { ...readings, values: readings.values.map((value) => -value) };
}
