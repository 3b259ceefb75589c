import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createEncoder, type EncodeText } from "../../src/prompt/tokenizer/encoder.ts";
import type { TokenizerJson } from "../../src/prompt/tokenizer/model-files.ts";
import { fixtureFolder, TOKENIZERS, type TokenizerName } from "./helpers.ts";

/** A tokenizer.json whose model is a byte-pair model. */
interface Json extends TokenizerJson {
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
}

const files = Object.fromEntries(
  await Promise.all(
    TOKENIZERS.map(async (name) => [
      name,
      JSON.parse(await readFile(join(fixtureFolder(name), "tokenizer.json"), "utf8")) as Json,
    ]),
  ),
) as Record<TokenizerName, Json>;

function library(json: TokenizerJson): EncodeText {
  const tokenizer = new Tokenizer(json, {}) as unknown as {
    encode: (text: string, options: { add_special_tokens: boolean }) => { ids: number[] };
  };
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

function encoder(json: TokenizerJson): EncodeText {
  const made = createEncoder(json, {});
  if (made === null) throw new Error("the encoder does not know this model");
  return made.encode;
}

const added = { special: false, normalized: false };
const { bytelevel, metaspace } = files;
const replaced = { type: "Replace", pattern: { String: " " }, content: "▁" };

/** Models in the manner of well-known families, made of the two small ones of the fixtures. */
const FAMILIES: Readonly<Record<string, TokenizerJson>> = {
  "Qwen 3": bytelevel,
  "Llama 3": { ...bytelevel, model: { ...bytelevel.model, ignore_merges: true } },
  "SmolLM 2": { ...bytelevel, pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true } },
  DeepSeek: {
    ...bytelevel,
    normalizer: { type: "Sequence", normalizers: [] },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\p{N}{1,3}" }, behavior: "Isolated", invert: false },
        { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }] },
        { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      ],
    },
    added_tokens: [...bytelevel.added_tokens, { ...added, id: 7, content: "answer", normalized: true }],
  },
  Mistral: metaspace,
  "Llama 2": {
    ...metaspace,
    normalizer: { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replaced] },
    pre_tokenizer: null,
  },
  "Gemma 3": {
    ...metaspace,
    normalizer: replaced,
    pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
    added_tokens: [
      ...metaspace.added_tokens,
      { ...added, id: 7, content: "\n\n" },
      { ...added, id: 8, content: "▁▁" },
      { ...added, id: 9, content: "\n" },
    ],
  },
  "a vocabulary with a token across words": {
    ...metaspace,
    model: {
      ...metaspace.model,
      vocab: { ...metaspace.model.vocab, ".▁": 5000, "e▁": 5001 },
      merges: [[".", "▁"], ["e", "▁"], ...metaspace.model.merges],
    },
  },
  "spaces that are written as ▁, and a token across words": {
    ...metaspace,
    normalizer: replaced,
    pre_tokenizer: null,
    model: {
      ...metaspace.model,
      vocab: { ...metaspace.model.vocab, ".▁": 5000, "▁▁": 5001, "▁▁▁": 5002 },
      merges: [[".", "▁"], ["▁", "▁"], ["▁▁", "▁"], ...metaspace.model.merges],
    },
  },
  "whole tokens of words": { ...metaspace, model: { ...metaspace.model, ignore_merges: true } },
};

const unit = fc.oneof(
  fc.constantFrom(" ", " ", " the", "answer", "n't", "'S", " A", "\n", "\n\n", "\t", "  ", "é", " é", "e\u0301", "▁"),
  fc.constantFrom(
    "12",
    " 3",
    "1969",
    ".",
    " (",
    "狐",
    " 狐",
    "😀",
    " 😀",
    "\u0085",
    "\u00a0",
    "\ufeff",
    "\u2028",
    "    ",
  ),
  fc.constantFrom("<|im_end|>", "<s>", "<s> x", "</s>", "[INST]", "<0x41>", "__proto__", " constructor", "\ud83d"),
  fc.string({ unit: "grapheme", maxLength: 3 }),
);

describe("createEncoder", () => {
  test.each(Object.entries(FAMILIES))("gives the ids of the library for any text: %s", (_, json) => {
    const [fast, expected] = [encoder(json), library(json)];
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        expect(fast(text)).toEqual(expected(text));
      }),
      { numRuns: 300 },
    );
  });

  test("gives the same ids when a word comes again, and after more words than it remembers", () => {
    const fast = encoder(bytelevel);
    const text = "the answer is better, the answer is longer";
    const first = fast(text);
    for (let word = 0; word <= 60_000; word++) fast(` ${word.toString(26)}`);
    expect(fast(text)).toEqual(first);
  });

  test("encodes a text of 200,000 characters without a space in seconds", () => {
    const text = "abcdefghij".repeat(20_000);
    expect(encoder({ ...metaspace, pre_tokenizer: null })(text).length).toBeGreaterThan(10_000);
  });

  test("lets tokens take the white space beside them, as Python does", () => {
    const strip = { ...added, special: true, normalized: false };
    const json = {
      ...bytelevel,
      added_tokens: [
        { ...strip, id: 1001, content: "<left>", lstrip: true },
        { ...strip, id: 1002, content: "<right>", rstrip: true },
      ],
    };
    const encode = encoder(json);
    const [a, b] = [encode("a"), encode("b")];
    expect(encode("a  <left>b")).toEqual([...a, 1001, ...b]);
    expect(encode("a<right> \n b")).toEqual([...a, 1002, ...b]);
    expect(encode("<right> <left>")).toEqual([1002, 1001]);
  });

  test("knows only models whose ids it gives", () => {
    const { pre_tokenizer, ...rest } = bytelevel;
    const model = (changed: object): TokenizerJson => ({ ...bytelevel, model: { ...bytelevel.model, ...changed } });
    const unknown: readonly TokenizerJson[] = [
      model({ type: "WordPiece" }),
      model({ dropout: 0.1 }),
      model({ continuing_subword_prefix: "##" }),
      model({ end_of_word_suffix: "</w>" }),
      { ...rest, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } },
      { ...rest, pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "ByteLevel" }, { type: "Whitespace" }] } },
      { ...metaspace, model: { ...metaspace.model, byte_fallback: false } },
      { ...rest, pre_tokenizer, added_tokens: [{ ...added, id: 1, content: "word", single_word: true }] },
    ];
    for (const json of unknown) expect(createEncoder(json, {})).toBeNull();
    const { Ġ: space, ...vocab } = bytelevel.model.vocab;
    expect(space).toBeDefined();
    expect(createEncoder(model({ vocab }), {})).toBeNull();
  });
});
