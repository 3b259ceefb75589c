import { expect, test } from "vitest";
import { defaultEscalation, type EscalationModel } from "../../src/escalate/model.ts";
import { createCombination } from "../../src/judge/aggregate.ts";
import { CLASSES, type Reading } from "../../src/types.ts";

const model = defaultEscalation(CLASSES);
const reading = (mass: number, logits: readonly [number, number, number]): Reading => {
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return { logProbs: [logits[0] - total, logits[1] - total, logits[2] - total], mass, bounded: false };
};
const alone = (one: Reading) => ({ ab: one, ba: null });
const combined = (used: EscalationModel, small: number, large: number) =>
  createCombination(used, { mass: { minimum: 0.01, action: "floor" }, prior: [0.2, 0.2, 0.6] })(
    alone(reading(small, [2, 0, 0])),
    alone(reading(large, [0, 1, 0])),
  ).probabilities;

test("the low mass of a judge whose answer is replaced moves nothing towards the prior", () => {
  expect(combined(model, 0.002, 1)).toEqual(combined(model, 1, 1));
  expect(combined(model, 1, 0.002)).not.toEqual(combined(model, 1, 1));
});

test("the masses of two judges that are pooled count by their weights", () => {
  const pooled = { ...model, weights: { ...model.weights, "11": { small: 0.3, large: 0.9 } } };
  const whole = combined(pooled, 1, 1);
  // A quarter of the pool is the first judge's, which has half of the minimum: an eighth of the prior.
  const mixed = combined(pooled, 0.005, 1);
  for (const [k, prior] of [0.2, 0.2, 0.6].entries()) {
    expect(mixed[k]).toBeCloseTo(0.875 * (whole[k] as number) + 0.125 * prior, 12);
  }
});

test.each<["floor" | "fallback" | "warn", readonly [number, number], readonly [number, number]]>([
  ["floor", [0.001, 0.001], [1, 1]],
  ["warn", [0.001, 0.001], [1, 1]],
  ["fallback", [1, 1], [1, 1]],
  ["fallback", [1, 0.001], [1, 0]],
  ["fallback", [0.001, 1], [0, 1]],
  ["fallback", [0.001, 0.001], [0, 0]],
])("counts the answers that the policy %s uses, for the label masses %j", (action, [small, large], counts) => {
  const combine = createCombination(model, { mass: { minimum: 0.01, action }, prior: [0.2, 0.2, 0.6] });
  const judged = combine(alone(reading(small, [2, 0, 0])), alone(reading(large, [0, 1, 0])));
  expect(judged.counts).toEqual(counts);
  if (counts[0] + counts[1] === 0) expect(judged.probabilities).toEqual([0.2, 0.2, 0.6]);
});
