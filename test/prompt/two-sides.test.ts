import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createClient } from "../../src/engine/client/client.ts";
import { createPreparer } from "../../src/prompt/preparer.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { type ServerText, type ServerTokenizer, serverTokenizer } from "../../src/prompt/tokenizer/server.ts";
import type { Tokenizer } from "../../src/prompt/tokenizer/tokenizer.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { systemClock } from "../../src/system.ts";
import type { Row } from "../../src/types.ts";
import { startFake } from "../fixtures/engine/fake-vllm.mjs";
import {
  fixtureFolder,
  row,
  SETTINGS,
  shippedTemplate,
  TEMPLATES,
  TOKENIZERS,
  type TokenizerName,
  temporaryFolder,
} from "./helpers.ts";

const OWN = fileURLToPath(new URL("../fixtures/chat-templates", import.meta.url));
const SHARED = new URL("../../../shared/cases/chat-templates/", import.meta.url).pathname;

/** Rows of one and several turns, in several scripts, and with ends that merge or vanish. */
const ROWS: readonly Row[] = [
  row(["What is the capital of France?"], ["Paris."], ["It is Lyon, I think."]),
  row(
    ["Wie heißt der Fluss?", "敏捷的狐狸跳过了懒狗。哪个更好？"],
    ["Die Donau…", "第一个"],
    ["Der Rhein", "第二个 😀"],
  ),
  row(["/think about it: Что лучше?\n"], ["  ثعلب سريع  "], ["빠른 여우\n\n\n"]),
  row(["one", "two", "three"], ["1\t", null, ""], ["<|im_end|> <think>", "12345678901234", "don't\r\nknow "]),
];

/** Texts behind the prompt: the template's prefix comes first, then a label. */
const SUFFIXES = ["", " A", " B", " tie", "\n\nA"];

const templates = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".jinja"))
        .map((name) => join(folder, name))
    : [];

/** A model folder with one of the small tokenizers and a chat template. */
async function modelFolder(tokenizer: TokenizerName, template: string): Promise<string> {
  const folder = await temporaryFolder({});
  await cp(fixtureFolder(tokenizer), folder, { recursive: true });
  await writeFile(join(folder, "chat_template.jinja"), readFileSync(template));
  return folder;
}

/** Opens the tokenizer of a loopback server that has this model. */
async function onServer<T>(
  modelDir: string,
  today: string,
  use: (tokenizer: ServerTokenizer, requests: () => number) => Promise<T>,
): Promise<T> {
  await using server = await startFake({ modelDir, today });
  const clock = systemClock;
  const secrets = { apiKey: new Secret("EMPTY"), access: null, redact: (text: string) => text };
  await using client = createClient({ baseUrl: server.url, env: {}, clock, timeoutMs: 30_000, ...secrets });
  let asked = 0;
  const text: ServerText = {
    tokenize: (body) => {
      asked += 1;
      return client.tokenize("fake", body);
    },
    detokenize: (tokens) => {
      asked += 1;
      return client.detokenize("fake", tokens);
    },
  };
  return await use(
    serverTokenizer(text, SETTINGS, () => Date.parse(today)),
    () => asked,
  );
}

async function expectSameIds(tokenizer: TokenizerName, template: string, today: string): Promise<void> {
  const folder = await modelFolder(tokenizer, template);
  const loaded = await loadTokenizer(folder, SETTINGS);
  await onServer(folder, today, async (remote) => {
    const garbled = await remote.garblesSystem();
    expect(garbled).toBe(template.endsWith("parts-of-user.jinja"));
    const local = garbled ? loaded.with({ fold: true }) : loaded;
    const sameText: Tokenizer = { ...remote, control: local.control };
    for (const name of TEMPLATES) {
      const shipped = await shippedTemplate(name);
      const here = createPreparer({ template: shipped, tokenizer: local, budget: 100_000 });
      const there = createPreparer({ template: shipped, tokenizer: sameText, budget: 100_000 });
      for (const [index, one] of ROWS.entries()) {
        // The orders in turn: both for every row would cost twice the time and show the same.
        const order = index % 2 === 0 ? "ab" : "ba";
        const [mine, theirs] = [await here.encoderFor(one, order), await there.encoderFor(one, order)];
        for (const suffix of SUFFIXES) {
          expect({ name, order, suffix, ids: await theirs(suffix) }).toEqual({
            name,
            order,
            suffix,
            ids: await mine(suffix),
          });
        }
      }
    }
  });
}

describe.each(TOKENIZERS)("with the %s tokenizer, folder and server give the same ids", (tokenizer) => {
  // The server of the tests has the plain library, which cannot render python-ways.jinja; Python's text is its reference.
  const own = templates(OWN).filter((file) => !file.endsWith("python-ways.jinja"));
  test.each(own.map((file) => [basename(file), file]))("for the chat template %s", (_, file) =>
    expectSameIds(tokenizer, file, SETTINGS.date),
  );
  test.skipIf(!existsSync(SHARED)).each(templates(SHARED).map((file) => [basename(file), file]))(
    "for the shared case %s",
    (_, file) => expectSameIds(tokenizer, file, SETTINGS.date),
  );
});
