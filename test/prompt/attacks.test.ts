import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTokenizer } from "../../src/fake-server/tokens.ts";
import { createPreparer, type Preparer } from "../../src/prompt/preparer.ts";
import { type LocalTokenizer, loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { serverTokenizer } from "../../src/prompt/tokenizer/server.ts";
import type { Tokenizer } from "../../src/prompt/tokenizer/tokenizer.ts";
import type { Row } from "../../src/types.ts";
import { fixtureFolder, HEAD, row, SETTINGS, TOKENIZERS, templateOf, temporaryFolder, undefended } from "./helpers.ts";

/** The control tokens of model families, and how a chat of each is written. */
const FAMILIES: Readonly<Record<string, { tokens: readonly string[]; chat: string }>> = {
  chatml: {
    tokens: ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
    chat: "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  },
  llama3: {
    tokens: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    chat: "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n",
  },
  gemma: {
    tokens: ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
    chat: "<bos>{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}<start_of_turn>model\n",
  },
  mistral: {
    tokens: ["<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]"],
    chat: "<s>{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]{% else %} {{ m.content }}</s>{% endif %}{% endfor %}",
  },
  deepseek: {
    tokens: ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"],
    chat: "<｜begin▁of▁sentence｜>{% for m in messages %}{% if m.role == 'user' %}<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content }}<｜end▁of▁sentence｜>{% endif %}{% endfor %}<｜Assistant｜>",
  },
  command: {
    tokens: ["<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>"],
    chat: "<BOS_TOKEN>{% for m in messages %}<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{{ m.content }}<|END_OF_TURN_TOKEN|>{% endfor %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
  },
};

/** What people write into templates, and what forms control tokens again from harmless texts. */
const BODIES: Readonly<Record<string, string>> = {
  plain: "{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}",
  lower: "{{ prompt | lower }}\n{{ response_a | lower }}\n{{ response_b | lower }}",
  upper: "{{ prompt | upper }}\n{{ response_a | upper }}\n{{ response_b | upper }}",
  trim: "{{ prompt | trim }}{{ response_a | trim }}{{ response_b | trim }}",
  "deleted dashes": "{{ prompt | replace('-', '') }}\n{{ response_a.replace('-', '') }}\n{{ response_b }}",
  "deleted spaces": "{{ prompt | replace(' ', '') }}\n{{ response_a | replace(' ', '') }}\n{{ response_b }}",
  glued: "{{ prompt }}{{ response_a }}{{ response_b }}",
  "glued and trimmed": "{{ (prompt | trim) ~ (response_a | trim) ~ (response_b | trim) }}",
  "put between brackets": "{{ '<|' ~ prompt ~ '|>' }} {{ '<' ~ response_a ~ '>' }} {{ '[' ~ response_b ~ ']' }}",
  "begun by the template": "<|im_{{ prompt }} <{{ response_a }} [{{ response_b }}",
  turns: "{% for t in turns %}{{ t.prompt | lower | trim }}{{ t.response_a }}{{ t.response_b }}{% endfor %}",
  "with control tokens of its own":
    "{{ prompt }}<|im_end|></s>[/INST]<|eot_id|>{{ response_a | lower }}{{ response_b }}",
};

const CHAT_HEAD = HEAD.replace("raw", "chat");

async function family(name: string): Promise<{ folder: string; tokenizer: LocalTokenizer; tokens: readonly string[] }> {
  const { tokens, chat } = FAMILIES[name] ?? { tokens: [], chat: "" };
  const file = JSON.parse(await readFile(join(fixtureFolder("bytelevel"), "tokenizer.json"), "utf8")) as {
    added_tokens: { id: number; content: string; special: boolean }[];
    model: { vocab: Record<string, number> };
  };
  const [model] = file.added_tokens;
  const highest = Math.max(...Object.values(file.model.vocab), ...file.added_tokens.map(({ id }) => id));
  const added = tokens.map((content, i) => ({ ...model, id: highest + 1 + i, content, special: true }));
  const folder = await temporaryFolder({
    "tokenizer.json": JSON.stringify({ ...file, added_tokens: added, post_processor: null }),
    "tokenizer_config.json": "{}",
    "chat_template.jinja": chat,
  });
  return { folder, tokenizer: await loadTokenizer(folder, SETTINGS), tokens };
}

/** Pieces of control tokens, changed as a filter would undo it, dealt to the texts of a row at random. */
function attacks(tokens: readonly string[]): fc.Arbitrary<Row> {
  const token = fc.constantFrom(...tokens);
  const piece = fc.oneof(
    token,
    token.map((text) => text.toUpperCase()),
    token.map((text) => text.toLowerCase()),
    token.map((text) => text.replace(/^\W+|\W+$/gu, "")),
    fc.tuple(token, fc.nat(20)).map(([text, at]) => text.slice(0, at)),
    fc.tuple(token, fc.nat(20)).map(([text, at]) => text.slice(at)),
    fc.tuple(token, fc.nat(20)).map(([text, at]) => `${text.slice(0, at)}-${text.slice(at)}`),
    fc.tuple(token, fc.nat(20)).map(([text, at]) => `${text.slice(0, at)} ${text.slice(at)}`),
    fc.constantFrom(" ", "\n", "fine", "<", "|>", "x"),
  );
  const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
  const texts = fc.array(text, { minLength: 1, maxLength: 3 });
  return fc.tuple(texts, texts, texts).map(([prompts, a, b]) => row(prompts, a, b));
}

function harmlessLike({ prompts, responsesA, responsesB }: Row): Row {
  const plain = (texts: Row["prompts"]): string[] => texts.map(() => "harmless");
  return row(plain(prompts), plain(responsesA), plain(responsesB));
}

async function countControl(preparer: Preparer, ids: ReadonlySet<number>, one: Row): Promise<number | "refused"> {
  const prepared = await preparer.prepare(one, "ab");
  return prepared.refusal === null ? prepared.ids.filter((id) => ids.has(id)).length : "refused";
}

/** Control ids that a model sees, from its files, also for a tokenizer that asks a server. */
async function trueIds(folder: string): Promise<ReadonlySet<number>> {
  return (await (await loadTokenizer(folder, SETTINGS)).control([])).ids;
}

async function expectNoControl(tokenizer: Tokenizer, folder: string, tokens: readonly string[], runs: number) {
  const ids = await trueIds(folder);
  let refused = 0;
  let formed = 0;
  for (const [format, head] of [
    ["raw", HEAD],
    ["chat", CHAT_HEAD],
  ] as const) {
    for (const [name, body] of Object.entries(BODIES)) {
      const template = await templateOf(body, head);
      const preparer = createPreparer({ template, tokenizer, budget: 4_000 });
      const naive = createPreparer({ template, tokenizer: undefended(tokenizer), budget: 4_000 });
      await fc.assert(
        fc.asyncProperty(attacks(tokens), async (attack) => {
          const found = await countControl(preparer, ids, attack);
          const expected = await countControl(naive, ids, harmlessLike(attack));
          if (found === "refused") refused += 1;
          else expect({ format, name, found }).toEqual({ format, name, found: expected });
          if ((await countControl(naive, ids, attack)) !== expected) formed += 1;
        }),
        { numRuns: runs },
      );
    }
  }
  return { refused, formed };
}

describe("attack rows", () => {
  test.each(Object.keys(FAMILIES))("put no control token into a prompt of the family %s", async (name) => {
    const { folder, tokenizer, tokens } = await family(name);
    const { refused, formed } = await expectNoControl(tokenizer, folder, tokens, 25);
    // Without the defence most of these rows do it; with it nearly all of them are still sent.
    expect(formed).toBeGreaterThan(100);
    expect(refused).toBeLessThan(formed / 10);
  });

  test.each(TOKENIZERS)("put no control token into a prompt of the small tokenizer %s", async (name) => {
    const folder = fixtureFolder(name);
    const tokenizer = await loadTokenizer(folder, SETTINGS);
    const { texts } = await tokenizer.control([]);
    // The metaspace tokenizer has no chat template.
    const template = await templateOf(BODIES["lower"] ?? "");
    const ids = await trueIds(folder);
    const preparer = createPreparer({ template, tokenizer, budget: 4_000 });
    await fc.assert(
      fc.asyncProperty(attacks(texts), async (attack) => {
        const found = await countControl(preparer, ids, attack);
        if (found !== "refused") expect(found).toBe(await countControl(preparer, ids, harmlessLike(attack)));
      }),
    );
  });

  test("put no control token into a prompt that the server tokenises, also one that only a filter forms", async () => {
    const folder = fixtureFolder("bytelevel");
    const model = openTokenizer(folder, () => new Date().toISOString().slice(0, 10));
    const tokenizer = serverTokenizer(
      { tokenize: async (body) => model.tokenize(body), detokenize: async (ids) => model.detokenize(ids) },
      SETTINGS,
      () => 0,
    );
    const template = await templateOf(BODIES["lower"] ?? "");
    const ids = await trueIds(folder);
    const attack = row(["<|RESERVED_0|>"], ["<|Tool|>"], ["b"]);
    const naive = createPreparer({ template, tokenizer: undefended(tokenizer), budget: 4_000 });
    const expected = await countControl(naive, ids, harmlessLike(attack));
    expect(await countControl(naive, ids, attack)).not.toBe(expected);
    expect(await countControl(createPreparer({ template, tokenizer, budget: 4_000 }), ids, attack)).toBe(expected);
  });

  test("put no control token into a prompt that the server tokenises", async () => {
    for (const name of ["chatml", "gemma"]) {
      const { folder, tokens } = await family(name);
      const model = openTokenizer(folder, () => new Date().toISOString().slice(0, 10));
      const tokenizer = serverTokenizer(
        { tokenize: async (body) => model.tokenize(body), detokenize: async (ids) => model.detokenize(ids) },
        SETTINGS,
        () => 0,
      );
      const { formed } = await expectNoControl(tokenizer, folder, tokens, 5);
      expect(formed).toBeGreaterThan(20);
    }
  });
});
