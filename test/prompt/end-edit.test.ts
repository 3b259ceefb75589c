import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEndEdit, findEndEdit } from "../../src/prompt/tokenizer/end-edit.ts";
import { fixtureTokenizer, TOKENIZERS } from "./helpers.ts";

test("the edit drops the ids that change and appends the new ones, behind twelve ids that agree", () => {
  const ids = Array.from({ length: 16 }, (_, index) => index + 1);
  const edit = findEndEdit(ids, ids.slice(2), [...ids.slice(2, 15), 50, 51]);
  expect(edit).toEqual({ tail: ids.slice(3), drop: 1, append: [50, 51] });
  expect(edit && applyEndEdit([99, ...ids], edit)).toEqual([99, ...ids.slice(0, 15), 50, 51]);
  expect(() => edit && applyEndEdit([...ids, 99], edit)).toThrow("does not fit the prompt");
});

test("there is no edit when the end alone has other ids than the end of the whole", () => {
  const ids = Array.from({ length: 14 }, (_, index) => index + 1);
  expect(findEndEdit(ids, [77, ...ids.slice(1)], [77, ...ids.slice(1), 50])?.append).toEqual([50]);
  const other = ids.map((id) => (id === 6 ? 77 : id));
  expect(findEndEdit(ids, other, [...other, 50])).toBeNull();
  expect(findEndEdit(ids, ids.slice(6), [...ids.slice(6), 50])).toBeNull();
  expect(findEndEdit([7, 8], [7, 8], [7, 9])).toEqual({ tail: [7, 8], drop: 1, append: [9] });
});

/** Texts whose ends merge with what follows: words, spaces, line ends, digits, and several scripts. */
const text = fc
  .array(
    fc.constantFrom(
      "the",
      " better",
      "answer",
      " ",
      "  ",
      "\n",
      "\n\n",
      "1",
      "234",
      ":",
      "?",
      " A",
      "é",
      "ß",
      "狐",
      "한",
      "😀",
      "я",
      "'s",
      "\t",
    ),
    { minLength: 0, maxLength: 40 },
  )
  .map((parts) => parts.join(""));

test.each(TOKENIZERS)(
  "with the %s tokenizer, the edit of the last ids gives the ids of the whole text",
  async (name) => {
    const tokenizer = await fixtureTokenizer(name);
    await fc.assert(
      fc.asyncProperty(text, text, text, async (head, end, added) => {
        const [ids, before, after] = await Promise.all(
          [head + end, end, end + added].map((one) => tokenizer.encode(one, false)),
        );
        const edit = findEndEdit(ids ?? [], before ?? [], after ?? []);
        if (edit === null) return;
        expect(applyEndEdit(ids ?? [], edit)).toEqual(await tokenizer.encode(head + end + added, false));
      }),
      { numRuns: 400, seed: 7 },
    );
  },
);
