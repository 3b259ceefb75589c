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

test.each(["[", "[1]", '["a", 3]', '[["a"]]', "[x](link)", '["a"] and more', "[undefined]", '["a",]', "[1e999]"])(
  "takes %j as plain text that begins like a list",
  (text) => {
    expect(readCell(text)).toEqual({ turns: [text], form: "broken-list" });
  },
);

test.each(["['a']", "['a' 'b']", "[\"it's\", 'b']", "[None]", "array(['a', 'b'], dtype=object)"])(
  "recognises %j as a list that Python or numpy printed",
  (text) => {
    expect(readCell(text)).toEqual({ turns: [text], form: "python-list" });
  },
);

test.each([
  ['[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]', ["user q", "assistant a"]],
  ['[{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]', ["user q", "assistant a"]],
  ['[{"role": "system", "content": [{"type": "text", "text": "s"}]}]', ["system s"]],
])("reads %s as messages, as text and as a value", (text, messages) => {
  for (const cell of [text, JSON.parse(text)]) {
    const read = readCell(cell);
    expect(read.form === "messages" && read.messages.map((one) => `${one.role} ${one.text}`)).toEqual(messages);
  }
});

test("takes objects with an unknown role, such as a name that every object has, as plain text", () => {
  const text = '[{"role": "constructor", "content": "q"}]';
  expect(readCell(text)).toEqual({ turns: [text], form: "broken-list" });
});

test.each<[unknown, readonly (string | null)[]]>([
  [3, ["3"]],
  [true, ["true"]],
  [null, [null]],
  [undefined, [null]],
  [
    ["a", null],
    ["a", null],
  ],
  [{ a: 1 }, ['{"a":1}']],
  [[1, 2], ["[1,2]"]],
])("reads the JSON value %j as turns", (cell, turns) => {
  expect(readCell(cell)).toMatchObject({ turns });
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
  expect(readCell(attack)).toMatchObject({ turns: [attack] });
  expect(globalThis).not.toHaveProperty("attacked");
});
