import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveClasses } from "../../../src/judge/classifier/classes.ts";
import { type ModelConfig, parseModelConfig } from "../../../src/judge/classifier/model-config.ts";
import { CLASSES, WITHOUT_TIE } from "../../../src/types.ts";

function modelOf(classes: readonly string[] | null, more: Readonly<Record<string, unknown>> = {}): ModelConfig {
  const id2label = classes === null ? {} : { id2label: Object.fromEntries(classes.map((name, id) => [id, name])) };
  const json = { architectures: ["LlamaForSequenceClassification"], ...id2label, ...more };
  return parseModelConfig(JSON.stringify(json), "/m/config.json");
}

test("finds the class of each label by its name, whatever the order of the classes", () => {
  const names = { a: "winner_model_a", b: "Response B", tie: "TIE" } as const;
  fc.assert(
    fc.property(fc.shuffledSubarray(Object.values(names), { minLength: 3 }), (classes) => {
      const { order, doubt } = resolveClasses(modelOf(classes), null, CLASSES);
      expect(order.map((index) => classes[index])).toEqual([names.a, names.b, names.tie]);
      expect(doubt).toBeNull();
    }),
  );
});

test("takes the names that transformers writes by itself in the order A, B, tie, and says so", () => {
  const { order, doubt } = resolveClasses(modelOf(["LABEL_0", "LABEL_1", "LABEL_2"]), null, CLASSES);
  expect(order).toEqual([0, 1, 2]);
  expect(doubt?.text).toContain("says nothing: they are taken as A, B and tie");
  expect(doubt?.remedy).toContain("engine: {classes:");
});

test("takes the classes that the config gives, by name or by number", () => {
  const model = modelOf(["worse", "better", "neutral"]);
  expect(resolveClasses(model, { a: "better", b: "worse", tie: 2 }, CLASSES).order).toEqual([1, 0, 2]);
  expect(resolveClasses(null, { a: 2, b: 0, tie: 1 }, CLASSES)).toEqual({ order: [2, 0, 1], names: null, doubt: null });
});

test.each([
  [
    "two classes",
    modelOf(["A", "B"]),
    "has 2 classes (A, B), and the judge 3, A, B and tie: for a model that knows no tie, write",
  ],
  ["five classes", modelOf(["1", "2", "3", "4", "5"]), "has 5 classes"],
  ["no names of classes", modelOf(null), "has no id2label"],
  [
    "names of something else",
    modelOf(["negative", "neutral", "positive"]),
    "do not say which of them is which of A, B and tie",
  ],
  ["one name twice", modelOf(["A", "B", "b"]), "do not say which"],
  ["generic names in another order", modelOf(["LABEL_2", "LABEL_1", "LABEL_0"]), "do not say which"],
  [
    "no classification head",
    modelOf(["A", "B", "tie"], { architectures: ["LlamaForCausalLM"] }),
    "no classification head",
  ],
  [
    "labels that do not exclude each other",
    modelOf(["A", "B", "tie"], { problem_type: "multi_label_classification" }),
    "problem_type",
  ],
])("refuses a model with %s, and says what to do", (_, model, message) => {
  expect(() => resolveClasses(model, null, CLASSES)).toThrow(message);
});

test("refuses classes that the model lacks, one class for two labels, and an unknown order", () => {
  const model = modelOf(["x", "y", "z"]);
  expect(() => resolveClasses(model, { a: "x", b: "w", tie: "z" }, CLASSES)).toThrow(
    'engine.classes.b: the model has no class "w"',
  );
  expect(() => resolveClasses(model, { a: "x", b: 0, tie: "z" }, CLASSES)).toThrow("two labels have one class");
  expect(() => resolveClasses(null, null, CLASSES)).toThrow("the order of the classes is unknown");
  expect(() => resolveClasses(null, { a: "x", b: "y", tie: "z" }, CLASSES)).toThrow(
    "the order of the classes is unknown",
  );
});

test("refuses a config.json whose id2label skips a number, or that is no JSON", () => {
  expect(() => parseModelConfig('{"id2label": {"0": "A", "2": "B"}}', "/m/config.json")).toThrow("0 to 1");
  expect(() => parseModelConfig("{", "/m/config.json")).toThrow("/m/config.json holds no JSON object");
});

test("a judge without a tie takes a model of two classes, and no other", () => {
  const model = modelOf(["model_b", "model_a"]);
  expect(resolveClasses(model, null, WITHOUT_TIE).order).toEqual([1, 0]);
  expect(resolveClasses(modelOf(["LABEL_0", "LABEL_1"]), null, WITHOUT_TIE)).toMatchObject({ order: [0, 1] });
  expect(resolveClasses(model, { a: 0, b: 1 }, WITHOUT_TIE).order).toEqual([0, 1]);
  expect(() => resolveClasses(model, { a: 0, b: 1, tie: 2 }, WITHOUT_TIE)).toThrow("the judge knows none");
  expect(() => resolveClasses(model, { a: 0, b: 1 }, CLASSES)).toThrow("has no class for the tie");
  expect(() => resolveClasses(modelOf(["A", "B", "tie"]), null, WITHOUT_TIE)).toThrow("take the tie into the labels");
});
