import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cacheWords,
  type EncodeText,
  splitsAtWords,
  type TokenizerShape,
} from "../../src/prompt/tokenizer/word-cache.ts";
import { fixtureFolder, type TokenizerName } from "./helpers.ts";

interface Json extends TokenizerShape {
  readonly model: { readonly type: string; readonly vocab: Readonly<Record<string, number>>; readonly merges: unknown };
}

async function readJson(name: TokenizerName): Promise<Json> {
  return JSON.parse(await readFile(join(fixtureFolder(name), "tokenizer.json"), "utf8")) as Json;
}

function directly(json: Json): EncodeText {
  const library = new Tokenizer(json, {}) as unknown as {
    encode: (text: string, options: { add_special_tokens: boolean }) => { ids: number[] };
  };
  return (text) => library.encode(text, { add_special_tokens: false }).ids;
}

describe("cacheWords", () => {
  test("gives the ids of the library itself for any text, also when words repeat", async () => {
    const json = await readJson("bytelevel");
    const encode = directly(json);
    expect(splitsAtWords(json, encode)).toBe(true);
    const cached = cacheWords(encode);
    const unit = fc.oneof(
      fc.constantFrom(" ", " ", " the", "answer", "n't", "'S", " A", "\n", "\t", "  ", "é", " é", "e\u0301", " \u0301"),
      fc.constantFrom(
        "12",
        " 3",
        ".",
        " (",
        "狐",
        " 狐",
        "😀",
        " 😀",
        "\u0085",
        "\u00a0",
        "\ufeff",
        "<|im_end|>",
        "    ",
        "\r\n",
        " \u2028",
      ),
      fc.string({ unit: "grapheme", maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (parts) => {
        const text = parts.join("").toWellFormed();
        expect(cached(text)).toEqual(encode(text));
      }),
      { numRuns: 1500 },
    );
  });

  test("encodes a word only once", () => {
    const asked: string[] = [];
    const cached = cacheWords((text) => {
      asked.push(text);
      return [text.length];
    });
    expect(cached("one two, two. 3 (three) two two")).toEqual([3, 5, 15, 4, 4]);
    expect(asked).toEqual(["one", " two,", " two. 3 (three)", " two"]);
  });
});

describe("splitsAtWords", () => {
  test("refuses tokenizers that look across a space", async () => {
    const metaspace = await readJson("metaspace");
    expect(splitsAtWords(metaspace, directly(metaspace))).toBe(false);
    const json = await readJson("bytelevel");
    const encode = directly(json);
    expect(splitsAtWords({ ...json, normalizer: { type: "Lowercase" } }, encode)).toBe(false);
    expect(splitsAtWords({ ...json, normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }] } }, encode)).toBe(
      true,
    );
    const vocab = { ...json.model.vocab, ofĠthe: 5000 };
    expect(splitsAtWords({ ...json, model: { ...json.model, vocab } }, encode)).toBe(false);
    const token = { content: "two words" };
    expect(splitsAtWords({ ...json, added_tokens: [...json.added_tokens, token] }, encode)).toBe(false);
  });

  test("refuses a pattern under which a piece reaches over a space", async () => {
    const json = await readJson("bytelevel");
    const pattern = { Regex: "[^\\n]{1,7}|\\n" };
    const chunky: Json = {
      ...json,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern, behavior: "Isolated", invert: false },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
    };
    expect(splitsAtWords(chunky, directly(chunky))).toBe(false);
  });
});
