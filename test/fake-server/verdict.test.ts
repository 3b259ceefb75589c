import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verdictLogits } from "../../src/fake-server/answers.ts";
import { distribution } from "../../src/fake-server/distribution.ts";
import { openTokenizer } from "../../src/fake-server/tokens.ts";
import { findAnswers, makeUpVerdict } from "../../src/fake-server/verdict.ts";
import { pairTurns, viewConversation } from "../../src/prompt/template/variables.ts";
import { TEMPLATE, TOKENIZER } from "../helpers/job.ts";
import { row, shippedTemplate, TEMPLATES } from "../prompt/helpers.ts";

const HONEST = { quality: 1, seed: 0 };
const prompt = (a: string, b: string): string => `[Response A]\n${a}\n[End of response A]\n\n[Response B]\n${b}\n`;

describe("the answers of a prompt", () => {
  test.each(TEMPLATES)("are found in the shipped template %s", async (name) => {
    const template = await shippedTemplate(name);
    const turns = pairTurns(row(["What is up?"], ["A first\nanswer."], ["Something else."]), null);
    const found = findAnswers(template.render(viewConversation({ turns, dropped: 0 }, "ab", template.labels)));
    expect(found?.a.trim()).toBe("A first\nanswer.");
    expect(found?.b.trim()).toBe("Something else.");
  });

  test("are found in a template of one's own, and of all turns", () => {
    const own = TEMPLATE.split("---\n")[2] ?? "";
    const filled = own.replace("{{ response_a }}", "yes").replace("{{ response_b }}", "no, never");
    expect(findAnswers(filled)).toEqual({ a: "yes", b: "no, never\n" });
    expect(
      findAnswers("Assistant A:\none\nAssistant B:\ntwo\nUser:\nmore?\nAssistant A:\nthree\nAssistant B:\n4"),
    ).toEqual({ a: "\none\n\nthree", b: "\ntwo\n\n4" });
  });

  test("are none where a heading is missing", () => {
    expect(findAnswers("Response A is better than Response B, is it not?")).toBeNull();
    expect(findAnswers("[Response A]\nyes")).toBeNull();
  });
});

describe("a made-up verdict", () => {
  test("prefers the answer with more different words, at either place", () => {
    const [long, short] = ["one two three four five six", "one one one one one one"];
    const [a, b, tie] = makeUpVerdict(prompt(long, short), HONEST);
    expect(a).toBeGreaterThan(b + tie);
    const [first, second] = makeUpVerdict(prompt(short, long), HONEST);
    expect(second).toBeGreaterThan(first);
  });

  test("is a distribution that text, quality and seed decide", () => {
    const options = fc.record({ quality: fc.double({ min: 0, max: 1, noNaN: true }), seed: fc.nat() });
    fc.assert(
      fc.property(fc.string(), fc.string(), options, (a, b, how) => {
        const verdict = makeUpVerdict(prompt(a, b), how);
        expect(verdict.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
        expect(Math.min(...verdict)).toBeGreaterThan(0);
        expect(makeUpVerdict(prompt(a, b), how)).toEqual(verdict);
      }),
    );
    const noisy = (seed: number): unknown => makeUpVerdict(prompt("yes", "no"), { quality: 0, seed });
    expect(noisy(1)).not.toEqual(noisy(2));
  });
});

test("a label of several tokens has the probability of the verdict over its tokens", () => {
  const tokenizer = openTokenizer(TOKENIZER, () => "2026-11-28");
  const model = { vocab: tokenizer.vocab, seed: 0, logits: verdictLogits(tokenizer, HONEST) };
  const encode = (text: string): number[] => tokenizer.tokenize({ prompt: text, add_special_tokens: false });
  const logProb = (text: string, label: string): number => {
    const ids = encode(text);
    return encode(label).reduce((sum, id) => {
      const { logProb: of } = distribution(ids, model);
      ids.push(id);
      return sum + of(id);
    }, 0);
  };
  const text = `${prompt("one two three", "one")}Verdict:`;
  const [a, b] = makeUpVerdict(text, HONEST);
  expect(encode("second").length).toBe(3);
  expect(Math.exp(logProb(text, " B") - logProb(text, " A"))).toBeCloseTo(b / a, 6);
  // Each further token costs what the model gives to other texts.
  const share = Math.exp(logProb(text, "second") - logProb(text, "first")) / (b / a);
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(1);
});
