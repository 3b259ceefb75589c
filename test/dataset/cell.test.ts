import fc from "fast-check";
import { expect, test } from "vitest";
import { readCell } from "../../src/dataset/cell.ts";

test.each([
  ['["one"]', ["one"]],
  ['["one","two"]', ["one", "two"]],
  ["[null]", [null]],
  ["[]", []],
  ["[ ]", []],
  ['[""]', [""]],
  [' \t\r\n["a", null] ', ["a", null]],
  ['["\\ud83d"]', ["\ud83d"]],
])("reads %s as a list of turns", (text, turns) => {
  expect(readCell(text)).toEqual({ turns, form: "list" });
});

test.each(["", " ", "hello", "true", "null", "3", '"text"', '{"a": 1}', "undefined", "__proto__", "\u00a0[]"])(
  "takes %j as one turn of plain text",
  (text) => {
    expect(readCell(text)).toEqual({ turns: [text], form: "text" });
  },
);

test.each([
  "[",
  "[1]",
  '["a", 3]',
  '[["a"]]',
  "['a']",
  "[x](link)",
  '["a"] and more',
  "[undefined]",
  '["a",]',
  "[1e999]",
])("takes %j as plain text that begins like a list", (text) => {
  expect(readCell(text)).toEqual({ turns: [text], form: "broken-list" });
});

test("gives back any turns that were written as JSON", () => {
  const turn = fc.option(fc.string({ unit: "binary", maxLength: 20 }), { nil: null });
  fc.assert(
    fc.property(fc.array(turn), (turns) => {
      expect(readCell(JSON.stringify(turns))).toEqual({ turns, form: "list" });
    }),
  );
});

test("never runs what stands in a cell", () => {
  const attack = "[globalThis.attacked = true]";
  expect(readCell(attack).turns).toEqual([attack]);
  expect(globalThis).not.toHaveProperty("attacked");
});
