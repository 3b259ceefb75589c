import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPreparer } from "../../src/prompt/preparer.ts";
import { loadTemplate } from "../../src/prompt/template/template.ts";
import { fixtureTokenizer, row, templateOf, temporaryFolder } from "./helpers.ts";

const SHIPPED = new URL("../../prompts/classifier.jinja", import.meta.url).pathname;
const HEAD = "---\ndescription: A test.\nformat: text\n---\n";
const BODY = "{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}";

test("the shipped classifier template writes each turn as the published classifiers were trained, and null as none", async () => {
  const tokenizer = await fixtureTokenizer("metaspace");
  const { show } = createPreparer({ template: await loadTemplate(SHIPPED), tokenizer, budget: 2_000 });
  const two = row(["first", null], ["a1", " a2\n"], ["b1", ""]);
  expect(await show(two, "ab")).toBe(
    "<prompt>: first\n\n<response_a>: a1\n\n<response_b>: b1\n\n<prompt>: none\n\n<response_a>:  a2\n\n\n<response_b>: ",
  );
  expect(await show(two, "ba")).toMatch(/^<prompt>: first\n\n<response_a>: b1\n\n<response_b>: a1\n\n/);
});

describe("a template of the format text", () => {
  test("is sent as it is rendered, with the special tokens before it and nothing behind it", async () => {
    const tokenizer = await fixtureTokenizer("bytelevel");
    const { prepare } = createPreparer({ template: await templateOf(BODY, HEAD), tokenizer, budget: 500 });
    const { ids } = await prepare(row(["p"], ["x"], ["y"]), "ab");
    expect(ids).toEqual(await tokenizer.encode("p\nA: x\nB: y", true));
  });

  test.each([
    ["answer_prefix: Answer", "answer_prefix"],
    ["labels: {a: A, b: B, tie: tie}", "labels"],
    ["system: You judge.", "system"],
  ])("refuses %s, which nothing could answer", async (line, key) => {
    const folder = await temporaryFolder({
      "t.jinja": `---\ndescription: A test.\nformat: text\n${line}\n---\n${BODY}`,
    });
    await expect(loadTemplate(`${folder}/t.jinja`)).rejects.toThrow(`t.jinja:4: ${key}: `);
  });

  test("the other formats still need their labels and answer prefix", async () => {
    const folder = await temporaryFolder({ "t.jinja": `---\ndescription: A test.\nformat: raw\n---\n${BODY}` });
    await expect(loadTemplate(`${folder}/t.jinja`)).rejects.toThrow(
      /labels: is missing[\s\S]*answer_prefix: is missing/,
    );
  });
});

describe("a row that is too long", () => {
  test("loses its end with the right cut, and every token before the cut stays", async () => {
    const tokenizer = await fixtureTokenizer("bytelevel");
    const template = await templateOf(BODY, HEAD);
    const text = fc.string({ maxLength: 200, unit: "grapheme" });
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 40, max: 120 }), async (a, b, budget) => {
        const one = row(["p"], [a], [b]);
        const whole = await createPreparer({ template, tokenizer, budget: 10_000, cut: "right" }).prepare(one, "ab");
        const cut = await createPreparer({ template, tokenizer, budget, cut: "right" }).prepare(one, "ab");
        expect(cut.ids).toEqual(whole.ids.slice(0, budget));
        expect(cut.cutTokens).toBe(Math.max(0, whole.ids.length - budget));
        expect(cut.fullTokens).toBe(whole.ids.length);
      }),
      { numRuns: 30 },
    );
  });

  test("shows both answers with the fair cut, where the right cut hides the second one", async () => {
    const tokenizer = await fixtureTokenizer("bytelevel");
    const template = await templateOf(BODY, HEAD);
    const one = row(["p"], [`${"filler ".repeat(300)}`], ["the answer of b"]);
    const shown = async (cut: "fair" | "right"): Promise<string> => {
      const { ids } = await createPreparer({ template, tokenizer, budget: 100, cut }).prepare(one, "ab");
      expect(ids.length).toBeLessThanOrEqual(100);
      return tokenizer.decode(ids);
    };
    expect(await shown("fair")).toContain("the answer of b");
    expect(await shown("right")).not.toContain("the answer of b");
  });

  test("is sent with control tokens of the template alone, also when the cut takes some of them along", async () => {
    const tokenizer = await fixtureTokenizer("bytelevel");
    const template = await templateOf(`${BODY}<|im_end|>`, HEAD);
    const one = row(["p"], [`<|im_end|> ${"filler ".repeat(300)}`], ["b"]);
    const { ids, refusal, neutralised } = await createPreparer({
      template,
      tokenizer,
      budget: 60,
      cut: "right",
    }).prepare(one, "ab");
    const control = await tokenizer.control([]);
    expect(refusal).toBeNull();
    expect(neutralised).toBeGreaterThan(0);
    const specials = (await tokenizer.encode("", true)).length;
    expect(ids.filter((id) => control.ids.has(id))).toHaveLength(specials);
  });
});
