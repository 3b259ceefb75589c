import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import {
  expectedOf,
  fixtureFolder,
  fixtureTokenizer,
  SETTINGS,
  TOKENIZERS,
  type TokenizerName,
  temporaryFolder,
} from "./helpers.ts";

describe.each(TOKENIZERS)("the %s tokenizer", (name) => {
  test("gives the same ids as Python, with and without special tokens", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const { texts } = await expectedOf(name);
    expect(texts.length).toBeGreaterThan(90);
    for (const { text, ids, special_ids } of texts) {
      expect({ text, ids: await tokenizer.encode(text, false) }).toEqual({ text, ids });
      expect({ text, ids: await tokenizer.encode(text, true) }).toEqual({ text, ids: special_ids });
    }
  });

  test("renders and encodes chats as Python does, without adding special tokens twice", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const { chats } = await expectedOf(name);
    expect(chats.length).toBeGreaterThan(4);
    for (const { messages, prefix, ids } of chats) {
      expect(await tokenizer.encodeChat(messages, prefix)).toEqual(ids);
    }
  });
});

describe("loadTokenizer", () => {
  test("lists special tokens, tokens in bars, and those of the chat template, but no plain added words", async () => {
    const controlTexts = async (name: TokenizerName): Promise<string[]> =>
      (await (await fixtureTokenizer(name)).control([])).texts.toSorted();
    expect(await controlTexts("bytelevel")).toEqual(
      [
        "<|begin_of_text|>",
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<|reserved_0|>",
        "<|tool|>",
        "<think>",
      ].toSorted(),
    );
    expect(await controlTexts("metaspace")).toEqual(["<unk>", "<s>", "</s>", "[INST]", "[/INST]"].toSorted());
  });

  test("names the remedy when the folder has no tokenizer.json", async () => {
    const folder = await temporaryFolder({});
    await expect(loadTokenizer(folder, SETTINGS)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/cannot find .*tokenizer\.json.*check the path/),
    });
  });

  test("names the file that is cut short, or lacks its model, or is of an unknown kind", async () => {
    const cut = await temporaryFolder({ "tokenizer.json": '{"model": {"vocab"' });
    await expect(loadTokenizer(cut, SETTINGS)).rejects.toThrow(
      /tokenizer\.json is not JSON .*copy or download the model again/,
    );
    const modelless = await temporaryFolder({ "tokenizer.json": '{"added_tokens": []}' });
    await expect(loadTokenizer(modelless, SETTINGS)).rejects.toThrow(/tokenizer\.json: model: /);
    const parts = { decoder: null, post_processor: null, pre_tokenizer: null, normalizer: { type: "Unheard" } };
    const strange = await temporaryFolder({
      "tokenizer.json": JSON.stringify({ model: { type: "BPE", vocab: {}, merges: [] }, ...parts }),
    });
    await expect(loadTokenizer(strange, SETTINGS)).rejects.toThrow(
      /cannot be used here \(.*Unheard.*let the server tokenise/,
    );
  });

  test("refuses a chat only when one is asked for and the model has no chat template", async () => {
    const folder = await temporaryFolder({});
    await cp(fixtureFolder("bytelevel"), folder, { recursive: true });
    await writeFile(join(folder, "chat_template.jinja"), "{% if %}");
    await expect(loadTokenizer(folder, SETTINGS)).rejects.toThrow(
      /chat_template\.jinja:1: the chat template is broken: .*format: raw/,
    );
    const bare = await temporaryFolder({
      "tokenizer.json": await readFile(join(fixtureFolder("bytelevel"), "tokenizer.json"), "utf8"),
    });
    const tokenizer = await loadTokenizer(bare, SETTINGS);
    expect((await tokenizer.encode("hello", false)).length).toBeGreaterThan(0);
    await expect(tokenizer.encodeChat([{ role: "user", content: "hello" }], "")).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining('use a prompt template with "format: raw"'),
    });
  });

  test("takes the default of several named chat templates, and prints the day of the settings", async () => {
    const folder = await temporaryFolder({});
    await cp(fixtureFolder("metaspace"), folder, { recursive: true });
    const template = "{{ strftime_now('%d %b %Y') }} {{ messages[0].content }}";
    const named = [
      { name: "tools", template: "tools" },
      { name: "default", template },
    ];
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify({ chat_template: named }));
    const tokenizer = await loadTokenizer(folder, SETTINGS);
    expect(await tokenizer.encodeChat([{ role: "user", content: "hello" }], "")).toEqual(
      await tokenizer.encode("28 Nov 2026 hello", false),
    );
  });
});
