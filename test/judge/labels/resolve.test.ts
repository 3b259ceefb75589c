import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type EncodeWith,
  promptToSend,
  resolveLabels,
  resolveOnSamples,
} from "../../../src/judge/generative/labels/resolve.ts";
import { expectedOf, fixtureTokenizer, TOKENIZERS } from "../../prompt/helpers.ts";
import { after, byHand } from "./helpers.ts";

const ABT = { a: ["A"], b: ["B"], tie: ["tie"] };

describe.each(TOKENIZERS)("resolveLabels with the %s tokenizer", (name) => {
  test("finds in place the ids that Python finds", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const { labels } = await expectedOf(name);
    for (const {
      prompt,
      labels: [a, b, tie],
      sent,
      drop,
      ids,
    } of labels) {
      const resolved = await resolveLabels({ a: [a], b: [b], tie: [tie] }, after(tokenizer, prompt));
      expect(resolved.sequences.map((sequence) => sequence.ids)).toEqual(ids);
      expect(resolved.dropTail).toBe(drop);
      expect(promptToSend(resolved, await tokenizer.encode(prompt, true))).toEqual(sent);
    }
    expect(new Set(labels.map(({ drop }) => drop)).size).toBeGreaterThan(1);
    expect(new Set(labels.flatMap(({ ids }) => ids.map((sequence) => sequence.length))).size).toBeGreaterThan(1);
  });
});

describe("resolveLabels", () => {
  test("heals a space at the prompt's end that the labels swallow", async () => {
    const encode = byHand([" A", " B", " tie"]);
    const resolved = await resolveLabels(ABT, encode("Answer: "));
    expect(resolved).toMatchObject({ dropTail: 1, probes: [{ suffix: [], ids: [1000, 1001, 1002] }] });
    expect(promptToSend(resolved, await encode("xAnswer: ")(""))).toEqual(await encode("xAnswer:")(""));
  });

  test("keeps the space when only some labels swallow it, as a token of those that do not", async () => {
    const encode = byHand([" A", " B"]);
    const { sequences, dropTail, probes } = await resolveLabels(ABT, encode("Answer: "));
    const space = " ".charCodeAt(0);
    expect(sequences.map(({ ids }) => ids)).toEqual([
      [1000],
      [1001],
      [space, ..."tie"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0))),
    ]);
    expect(dropTail).toBe(1);
    expect(probes.map(({ suffix }) => suffix.length)).toEqual([0, 1, 2, 3]);
  });

  test("plans one probe for shared first tokens and one behind each of them", async () => {
    const { probes } = await resolveLabels({ a: ["x1"], b: ["x2"], tie: ["y", "z"] }, byHand([])("Answer:"));
    const [x, y, z, one, two] = [..."xyz12"].map((character) => character.charCodeAt(0));
    expect(probes).toEqual([
      { suffix: [], ids: [x, y, z] },
      { suffix: [x], ids: [one, two] },
    ]);
  });

  test("plans probes that cover each path of any labels exactly once", async () => {
    const texts = fc.uniqueArray(fc.string({ unit: fc.constantFrom("x", "y", "z"), minLength: 4, maxLength: 4 }), {
      minLength: 3,
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(texts, async ([a = "", b = "", ...tie]) => {
        const { probes, sequences } = await resolveLabels({ a: [a], b: [b], tie }, byHand([])("Answer:"));
        const keys = probes.map(({ suffix }) => suffix.join());
        expect(new Set(keys).size).toBe(keys.length);
        for (const { ids } of sequences) {
          for (const [i, id] of ids.entries()) {
            expect(probes[keys.indexOf(ids.slice(0, i).join())]?.ids).toContain(id);
          }
        }
        const asked = probes.reduce((sum, probe) => sum + probe.ids.length, 0);
        expect(asked).toBe(new Set(sequences.flatMap(({ ids }) => ids.map((_, i) => ids.slice(0, i + 1).join()))).size);
      }),
    );
  });

  test("refuses labels that cannot be told apart, with their names and a remedy", async () => {
    const encode = byHand([])("Answer:");
    const remedy = /use texts that begin differently/;
    const prefix = resolveLabels({ ...ABT, b: ["AB"] }, encode);
    await expect(prefix).rejects.toMatchObject({ code: "config", message: expect.stringMatching(remedy) });
    await expect(prefix).rejects.toThrow(/label a "A" \(tokens 65\) is the beginning of label b "AB" \(tokens 65 66\)/);
    const variants = resolveLabels({ ...ABT, tie: ["tie", "ti"] }, encode);
    await expect(variants).rejects.toThrow(/label tie "ti" .*is the beginning of label tie "tie"/);
    const lower: EncodeWith = (suffix) => byHand([])("answer:")(suffix.toLowerCase());
    await expect(resolveLabels({ ...ABT, b: ["a"] }, lower)).rejects.toThrow(
      /label a "A" and label b "a" become the same tokens \(97\)/,
    );
  });

  test("refuses labels that are empty or vanish", async () => {
    const encode = byHand([])("Answer:");
    await expect(resolveLabels({ ...ABT, b: [""] }, encode)).rejects.toThrow(/a text of label b is empty/);
    await expect(resolveLabels({ ...ABT, tie: [] }, encode)).rejects.toThrow(/label tie has no text/);
    const trimming: EncodeWith = (suffix) => byHand([])("Answer:")(suffix.trim());
    await expect(resolveLabels({ ...ABT, tie: ["\n"] }, trimming)).rejects.toThrow(/label tie "\\n" vanishes/);
    await expect(resolveLabels(ABT, byHand([])(""))).rejects.toThrow(/end the answer prefix with a word/);
  });
});

describe("resolveOnSamples", () => {
  test("keeps the tokens that all samples end with, and rejects a row that ends otherwise", async () => {
    const encode = byHand([]);
    const resolved = await resolveOnSamples(ABT, ["one. =", "two! =", "three\n ="].map(encode));
    expect(resolved.tail).toEqual(await encode(" =")(""));
    expect(promptToSend(resolved, await encode("four =")(""))).toEqual(await encode("four =")(""));
    expect(promptToSend(resolved, await encode("four=")(""))).toBeNull();
    expect(promptToSend(resolved, await encode("=")(""))).toBeNull();
  });

  test("refuses labels whose tokens depend on the row", async () => {
    const encode = byHand([".A"]);
    await expect(resolveOnSamples(ABT, [encode("one!"), encode("two.")])).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/label a "A" is tokens 65 after sample prompt 1, and 1000 after sample prompt 2/),
    });
    await expect(resolveOnSamples(ABT, [byHand([])("one!"), byHand([])("two.")])).rejects.toThrow(
      /the token before the label differs from row to row/,
    );
  });
});
