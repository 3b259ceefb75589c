import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutPadding } from "../../../src/judge/classifier/judge.ts";
import { readClasses } from "../../../src/judge/classifier/score.ts";

const NAMES = ["tie", "A", "B"];
const CLASSES = { order: [1, 2, 0], names: NAMES, doubt: null } as const;

function answer(probabilities: readonly number[], named: string | null) {
  const logProbs = new Map(probabilities.map((value, index) => [index, Math.log(value)]));
  return { logProbs, bound: null, absolute: false, named };
}

test("gives the log probabilities in the order A, B, tie, without a label mass", () => {
  const reading = readClasses(CLASSES, answer([0.2, 0.5, 0.3], "A"));
  expect(reading.logProbs.map(Math.exp)).toEqual([0.5, 0.3, 0.2].map((value) => expect.closeTo(value, 12)));
  expect(reading).toMatchObject({ mass: null, bounded: false });
});

test("refuses an answer whose most likely class has another name than in the model's config", () => {
  expect(() => readClasses(CLASSES, answer([0.2, 0.5, 0.3], "B"))).toThrow(
    'The server calls the most likely class "B", where the model\'s config.json calls it "A"',
  );
  // Two classes may be equally likely, and a server may give no name.
  expect(() => readClasses(CLASSES, answer([0.2, 0.4, 0.4], "B"))).not.toThrow();
  expect(() => readClasses(CLASSES, answer([0.2, 0.5, 0.3], null))).not.toThrow();
});

test("leaves out the padding tokens at the end, as transformers does, and no other token", () => {
  const id = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(fc.array(id, { minLength: 1 }), fc.array(fc.constant(0), { maxLength: 4 }), (ids, padding) => {
      fc.pre(ids.at(-1) !== 0);
      expect(withoutPadding([...ids, ...padding], 0)).toEqual(ids);
      expect(withoutPadding([...ids, ...padding], null)).toEqual([...ids, ...padding]);
    }),
  );
  expect(withoutPadding([0, 0], 0)).toEqual([0, 0]);
});
