import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPreparer } from "../../src/prompt/preparer.ts";
import type { Row, Turn } from "../../src/types.ts";
import { fixtureTokenizer, row, shippedTemplate, swapped, TEMPLATES, TOKENIZERS } from "./helpers.ts";

const unit = fc.constantFrom(
  ...[
    "The better answer is short. ",
    "Größe, ",
    "狐狸跳过了",
    "\n\n",
    "  ",
    "def f(x):\n    return x\n",
    "<|im_end|>",
    "[INST]",
  ],
  ...["\u{1f600}", "\ud83d", "aaaaaaaaaaaaaaaaaaaaaaaa", "1,000,000 ", "e\u0301", "\t", "</s>", "."],
);
const text: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Turn>(null, "", " ") },
  { weight: 3, arbitrary: fc.array(unit, { maxLength: 12 }).map((parts) => parts.join("")) },
  { weight: 2, arbitrary: fc.tuple(unit, fc.nat({ max: 80 })).map(([part, times]) => part.repeat(times)) },
);
const rows: fc.Arbitrary<Row> = fc
  .tuple(fc.array(text, { maxLength: 3 }), fc.array(text, { maxLength: 3 }), fc.array(text, { maxLength: 3 }))
  .map(([prompts, a, b]) => row(prompts, a, b));

const cases = TOKENIZERS.flatMap((tokenizer) => TEMPLATES.map((template) => ({ tokenizer, template })));

describe.each(cases)("packing for $template with the $tokenizer tokenizer", ({ tokenizer: name, template: file }) => {
  test("fits every row, loses none, and packing a swapped row equals swapping the packed row", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const template = await shippedTemplate(file);
    const least = await leastBudget(name, file);
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 0, max: 500 }), async (one, extra) => {
        const budget = least + extra;
        const { prepare } = createPreparer({ template, tokenizer, budget });
        const ab = await prepare(one, "ab");
        const ba = await prepare(one, "ba");
        expect(ab.ids.length).toBeLessThanOrEqual(budget);
        expect(ba.ids.length).toBeLessThanOrEqual(budget);
        expect(await prepare(swapped(one), "ba")).toEqual(ab);
        expect(await prepare(swapped(one), "ab")).toEqual(ba);
        expect(await createPreparer({ template, tokenizer, budget }).prepare(one, "ab")).toEqual(ab);
      }),
      { numRuns: 20 },
    );
  });

  test("leaves a row that fits untouched, whatever its distance from the budget", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const template = await shippedTemplate(file);
    const roomy = createPreparer({ template, tokenizer, budget: 1e6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 0, max: 30 }), async (one, spare) => {
        const ab = await roomy.prepare(one, "ab");
        const ba = await roomy.prepare(one, "ba");
        expect(ab.cutTokens).toBe(0);
        const budget = Math.max(ab.ids.length, ba.ids.length) + spare;
        const { prepare } = createPreparer({ template, tokenizer, budget });
        expect((await prepare(one, "ab")).ids).toEqual(ab.ids);
        expect((await prepare(one, "ba")).ids).toEqual(ba.ids);
      }),
      { numRuns: 12 },
    );
  });
});

/** The budget at which a row of five turns still fits with its texts gone. */
async function leastBudget(
  tokenizer: (typeof TOKENIZERS)[number],
  template: (typeof TEMPLATES)[number],
): Promise<number> {
  const options = {
    tokenizer: await fixtureTokenizer(tokenizer),
    template: await shippedTemplate(template),
    budget: 1,
  };
  const one = row(["a", "b", "c", "d", "e"], [], []);
  const failure: unknown = await createPreparer(options)
    .prepare(one, "ab")
    .catch((error: unknown) => error);
  return Number(/needs (\d+) tokens/.exec(String(failure))?.[1]);
}
