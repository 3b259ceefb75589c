import fc from "fast-check";
import { expect, test } from "vitest";
import { decideStage, describeChanges, inputsOf } from "../../src/chain/decide.ts";

const inputs = { "training.learning_rate": "0.0002", examples: "a".repeat(64) };
const nothing = { done: null, stopped: null, begun: null };
const again = { continues: true };
const anew = { continues: false };

test.each([
  ["nothing is there", nothing, anew, "to do"],
  ["it is done", { ...nothing, done: inputs }, anew, "done"],
  ["it is done, and another was begun before", { ...nothing, done: inputs, begun: inputs }, again, "done"],
  ["a stage that continues was begun", { ...nothing, begun: inputs }, again, "continue"],
  ["a stage that does not continue was begun", { ...nothing, begun: inputs }, anew, "to do"],
  ["a stage that does not continue was begun with other inputs", { ...nothing, begun: {} }, anew, "to do"],
  ["a deadline stopped it", { ...nothing, done: inputs, stopped: "deadline" }, again, "continue"],
])("decides what becomes of a stage: %s", (_, state, stage, kind) => {
  expect(decideStage(state, inputs, stage).kind).toBe(kind);
});

test("names what has changed, with the old value first, and hashes by their beginning", () => {
  const now = { "training.learning_rate": "0.0001", examples: "b".repeat(64), "lora.r": "16" };
  const changes = [
    "training.learning_rate 0.0002 -> 0.0001",
    "examples aaaaaaaaaaaa -> bbbbbbbbbbbb",
    "lora.r (not there) -> 16",
  ];
  expect(decideStage({ ...nothing, done: inputs }, now, anew)).toEqual({ kind: "changed", changes });
  expect(decideStage({ ...nothing, begun: inputs }, now, again)).toEqual({ kind: "changed", changes });
});

test("the inputs of a setting are its values by path, and two settings have equal inputs only if they are equal", () => {
  expect(inputsOf({ lora: { r: 16, targets: ["q_proj", "k_proj"], layers: null }, head: "label", none: {} })).toEqual({
    "lora.r": "16",
    "lora.targets": "q_proj, k_proj",
    "lora.layers": "null",
    head: "label",
    none: "{}",
  });
  const setting = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)),
  );
  fc.assert(
    fc.property(setting, setting, (one, other) => {
      const same = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
      expect(describeChanges(inputsOf({ x: one }), inputsOf({ x: other })).length === 0).toBe(same);
    }),
  );
});
