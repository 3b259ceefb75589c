import { readFileSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AbtieError } from "../../src/errors.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import type { Message } from "../../src/prompt/tokenizer/tokenizer.ts";
import { type ChatEncoder, encodeChatExample } from "../../src/training/chat-example.ts";
import { readEndTokens } from "../../src/training/open-judge.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { TOKENIZER } from "../helpers/job.ts";

interface Golden {
  readonly chats: readonly (readonly Message[])[];
  readonly models: Readonly<Record<string, readonly { readonly ids: readonly number[]; readonly answer: number }[]>>;
}
const golden: Golden = JSON.parse(readFileSync("test/fixtures/training/chats.json", "utf8"));

/** The model folder of a golden name: a tokenizer with its own chat template, or bytelevel with another one. */
async function modelOf(name: string): Promise<string> {
  if (name === "metaspace") return "test/fixtures/tokenizer/metaspace";
  if (name === "bytelevel") return TOKENIZER;
  const folder = await temporaryFolder({});
  await cp(TOKENIZER, folder, { recursive: true });
  await cp(`test/fixtures/chat-templates/${name}.jinja`, join(folder, "chat_template.jinja"));
  return folder;
}

async function encoderOf(folder: string, most: number | null = null): Promise<ChatEncoder> {
  const tokenizer = await loadTokenizer(folder, { kwargs: {}, date: "2026-11-29" });
  return {
    render: tokenizer.renderAnswered,
    encode: (text) => tokenizer.encode(text, false),
    control: await tokenizer.control([]),
    eos: (await readEndTokens(folder)).eos,
    most,
  };
}

const asked = (content: string): Message => ({ role: "user", content });
const answered = (content: string): Message => ({ role: "assistant", content });

describe("the ids of a chat, and which of them are learned", () => {
  test.each(Object.keys(golden.models))("are those of transformers' apply_chat_template: %s", async (name) => {
    const encoder = await encoderOf(await modelOf(name));
    for (const [at, chat] of golden.chats.entries()) {
      expect(await encodeChatExample(chat, encoder)).toEqual({ ...golden.models[name]?.[at], cut: 0 });
    }
  });

  test("begin with one beginning-of-sequence token where the chat template writes it", async () => {
    const folder = "test/fixtures/tokenizer/metaspace";
    const { special } = {
      special: (await (await loadTokenizer(folder, { kwargs: {}, date: "2026-11-29" })).encode("", true))[0],
    };
    const example = await encodeChatExample([asked("Well?"), answered("Yes.")], await encoderOf(folder));
    if (typeof example === "string") throw new Error(example);
    expect(example.ids[0]).toBe(special);
    expect(example.ids.filter((id) => id === special)).toHaveLength(1);
  });

  test("end with the token that ends the turn, unless the answer is cut", async () => {
    const encoder = await encoderOf(TOKENIZER);
    const { eos } = encoder;
    const text = fc.string({ minLength: 1, maxLength: 40 }).filter((each) => each.trim() !== "");
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 1, max: 80 }), async (question, answer, most) => {
        const chat = [asked(question), answered(answer)];
        const whole = await encodeChatExample(chat, encoder);
        if (typeof whole === "string") return;
        expect(whole.ids.at(-1)).toBe(eos);
        expect(whole.ids.slice(whole.answer).filter((id) => encoder.control.ids.has(id))).toEqual([eos]);
        const cut = await encodeChatExample(chat, { ...encoder, most });
        if (whole.answer >= most) expect(cut).toBe("its prompt leaves no room for the answer");
        else {
          const kept = whole.ids.slice(0, most);
          expect(cut).toEqual({ ids: kept, answer: whole.answer, cut: whole.ids.length - kept.length });
        }
      }),
    );
  });

  test.each<[string, readonly Message[], Partial<ChatEncoder>]>([
    ["its last message is no answer to a user", [asked("Well?")], {}],
    ["its last message is no answer to a user", [answered("Yes.")], {}],
    ["its last message is no answer to a user", [], {}],
    ["its answer is empty", [asked("Well?"), answered(" \n")], {}],
    ["its texts form control tokens", [asked("Well?<|im_end|>"), answered("Yes.")], {}],
    ["its texts form control tokens", [asked("Well?"), answered("<|im_start|>Yes.")], {}],
    [
      "the chat template refuses its messages",
      [asked("Well?"), answered("Yes.")],
      {
        render: () => {
          throw new AbtieError("config", "roles must alternate");
        },
      },
    ],
    [
      "the chat template does not go on with the answer where a prompt ends",
      [asked("Well?"), answered("Yes.")],
      { render: () => ({ prompt: "Well? Thinking:", whole: "Well? Yes." }) },
    ],
    [
      "the first token of its answer reaches into the prompt",
      [asked("Well?"), answered("Yes.")],
      { render: () => ({ prompt: "the answ", whole: "the answer is" }) },
    ],
  ])("are not there when %s", async (reason, chat, changes) => {
    expect(await encodeChatExample(chat, { ...(await encoderOf(TOKENIZER)), ...changes })).toBe(reason);
  });
});

const RECIPE = "base: ./base\nhead: answer\ndata: {input: chats.jsonl, context: 120}\n";

/** A folder with a recipe and chats: ten prompts of two answers each, one chat without an answer, one that is too long. */
async function chatFolder(recipe = RECIPE, more: readonly object[] = []): Promise<string> {
  const chats = Array.from({ length: 20 }, (_, row) => ({
    id: `c${row}`,
    messages: [asked(`Question ${row % 10}?`), answered(`Answer ${row}.`)],
  }));
  const odd = [
    { id: "open", messages: [asked("Nobody answers")] },
    { id: "long", messages: [asked("Tell more."), answered("word ".repeat(300))] },
  ];
  const folder = await temporaryFolder({
    "recipe.yaml": recipe,
    "chats.jsonl": [...chats, ...odd, ...more].map((chat) => `${JSON.stringify(chat)}\n`).join(""),
  });
  await cp(TOKENIZER, join(folder, "base"), { recursive: true });
  await writeFile(join(folder, "base/config.json"), JSON.stringify({ architectures: ["LlamaForCausalLM"] }));
  return folder;
}

const PREPARE = ["make", "recipe.yaml", "-o", "made", "--until", "prepare"];

describe("a recipe for answers", () => {
  test("makes one example of each chat, holds out whole prompts, and counts what is left out", async () => {
    const folder = await chatFolder();
    const said = await inProcess(PREPARE, folder);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).toMatch(/^prepare +data, 21 examples of 21 rows, [45] held out/m);
    const data = JSON.parse(await readFile(join(folder, "made/data/data.json"), "utf8"));
    expect(data).toMatchObject({
      head: "answer",
      classes: [],
      labels: null,
      priorLogLoss: null,
      splitPrompts: 0,
      cut: 1,
      budget: 120,
      dropped: { "its last message is no answer to a user": 1 },
    });
    const lines = (await readFile(join(folder, "made/data/examples.jsonl"), "utf8")).trim().split("\n");
    const examples = lines.map((line) => JSON.parse(line));
    expect(examples.at(-1)).toMatchObject({ id: "long", cut: expect.any(Number), target: [], order: "ab" });
    expect(examples.at(-1).ids).toHaveLength(120);
    const held = (await readFile(join(folder, "made/data/held_out_rows.jsonl"), "utf8")).trim().split("\n");
    const ids = examples.filter(({ fold }) => fold === 0).map(({ id }) => id);
    expect(held.map((line) => JSON.parse(line).id)).toEqual(ids);
    expect(JSON.parse(held[0] ?? "")).toMatchObject({
      messages: [{ role: "user", content: expect.stringMatching(/^Question/) }],
      answer: expect.stringMatching(/^Answer/),
    });
  });

  test("refuses rows that hold no messages, with their lines", async () => {
    const folder = await chatFolder(RECIPE, [{ id: "x", messages: "no list" }]);
    const said = await inProcess(PREPARE, folder);
    expect(said.status).toBe(3);
    expect(said.stderr).toContain('chats.jsonl, line 23: "messages" holds no list of messages. Write each chat as');
  });

  test.each([
    ["repeated", "c3", 'the id "c3" was already used on line 4'],
    ["empty", " ", "the id is empty"],
  ])("takes numbers for ids that are %s, and refuses them when their column is named", async (_, id, finding) => {
    const more = [{ id, messages: [asked("More?"), answered("No.")] }];
    const numbered = await chatFolder(RECIPE, more);
    const said = await inProcess(PREPARE, numbered);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stderr).toContain(`the column "id" gives not every row an id of its own (line 23: ${finding})`);
    const examples = (await readFile(join(numbered, "made/data/examples.jsonl"), "utf8")).trim().split("\n");
    expect(examples.map((line) => JSON.parse(line).id).slice(0, 2)).toEqual(["0", "1"]);
    const named = await inProcess(PREPARE, await chatFolder(RECIPE.replace("}", ", columns: {id: id}}"), more));
    expect(named).toMatchObject({ status: 3, stderr: expect.stringContaining(`line 23: ${finding}`) });
  });

  test("takes the ids from the column that is named, and refuses other names of columns", async () => {
    const more = Array.from({ length: 3 }, (_, at) => ({
      id: `m${at}`,
      nr: `n${at}`,
      messages: [asked(`${at}?`), answered("No.")],
    }));
    const chats = more.map((chat) => JSON.stringify(chat)).join("\n");
    const folder = await chatFolder(RECIPE.replace("}", ", columns: {id: nr}}"));
    await writeFile(join(folder, "chats.jsonl"), chats);
    const said = await inProcess(PREPARE, folder);
    expect(said.status, said.stderr).toBe(0);
    const examples = (await readFile(join(folder, "made/data/examples.jsonl"), "utf8")).trim().split("\n");
    expect(examples.map((line) => JSON.parse(line).id)).toEqual(["n0", "n1", "n2"]);
    await writeFile(join(folder, "recipe.yaml"), RECIPE.replace("}", ", columns: {id: nr, prompt: q}}"));
    const other = await inProcess(PREPARE, folder);
    expect(other.stderr).toContain("data.columns.prompt is for judges of two answers");
  });

  test("refuses the keys of judges of two answers, each with its place", async () => {
    const folder = await chatFolder(
      "base: ./base\nhead: answer\nloss: labels\ncalibrate: true\ndata: {input: chats.jsonl, template: rules, orders: both}\n",
    );
    const said = await inProcess(PREPARE, folder);
    expect(said.status).toBe(2);
    expect(said.stderr).toContain("loss is for the head label");
    expect(said.stderr).toContain("calibrate is for judges of two answers");
    expect(said.stderr).toContain("data.template is for judges of two answers");
    expect(said.stderr).toContain("data.orders is for judges of two answers");
  });
});
