import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, itemsOf, type Made, makeRow } from "../../src/generate/items.ts";
import { loadGenerateConfig } from "../../src/generate/load-config.ts";
import { generateSchema } from "../../src/generate/schema.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { sendJson, serve } from "../helpers/loopback.ts";

interface Chat {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature: number;
  readonly max_tokens: number;
}

/** A server that answers chats as this function says; null: with an error 503. */
async function startWriter(answer: (chat: Chat, number: number) => { text: string; finish?: string } | null) {
  const chats: Chat[] = [];
  const { url } = await serve(async (request, response) => {
    if (request.url === "/v1/models")
      return sendJson(response, { object: "list", data: [{ id: "writer", object: "model" }] });
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const chat = JSON.parse(body) as Chat;
    chats.push(chat);
    const said = answer(chat, chats.length);
    if (said === null) return sendJson(response, { error: { message: "busy" } }, 503);
    const message = { role: "assistant", content: said.text };
    sendJson(response, { model: chat.model, choices: [{ index: 0, message, finish_reason: said.finish ?? "stop" }] });
  });
  return { url, chats };
}

const rowsIn = async (path: string) =>
  (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("pairs", () => {
  test("are two answers to each prompt, dealt to both sides, and every drop is counted by reason", async () => {
    const writer = await startWriter(({ messages, temperature }, number) => {
      const prompt = messages.at(-1)?.content ?? "";
      if (prompt === "same") return { text: "alike" };
      if (prompt === "empty") return { text: " " };
      if (prompt === "long") return { text: "words", finish: "length" };
      return number === 1 ? null : { text: `${prompt} at ${temperature}` };
    });
    const prompts = [...Array.from({ length: 20 }, (_, at) => `question ${at}`), "same", "empty", "long", "question 3"];
    const folder = await temporaryFolder({
      "prompts.csv": ["id,prompt", ...prompts.map((prompt, at) => `${at},${prompt}`)].join("\n"),
      "gen.yaml": `kind: pairs\nattach: ${writer.url}/v1\nprompts: prompts.csv\nsystem: Be brief.\none: {temperature: 0.2}\nother: {temperature: 1.1}\nmax_tokens: 64\n`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl", "--json"], folder);
    expect(said.status, said.stderr).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      end: "done",
      rows: 20,
      wanted: 24,
      answered: 24,
      dropped: {
        "both answers are the same": 1,
        "the answer is empty": 1,
        "the answer is cut off at max_tokens": 1,
        "it repeats an earlier one": 1,
      },
    });
    const rows = await rowsIn(join(folder, "rows.jsonl"));
    expect(rows[5]).toMatchObject({ id: "5", prompt: "question 5" });
    for (const { prompt, response_a, response_b, model_a, model_b } of rows) {
      expect(response_a).toBe(`${prompt} at ${model_a.split(" ").at(-1)}`);
      expect(response_b).toBe(`${prompt} at ${model_b.split(" ").at(-1)}`);
    }
    const first = rows.filter(({ model_a }) => model_a.endsWith("0.2")).length;
    expect(first).toBeGreaterThan(3);
    expect(first).toBeLessThan(17);
    expect(writer.chats[0]).toMatchObject({
      model: "writer",
      max_tokens: 64,
      messages: [{ role: "system" }, { role: "user" }],
    });
    // The rows are what the other commands read.
    const shown = await inProcess(["init", "rows.jsonl", "-o", "job.yaml", "--base-url", writer.url], folder);
    expect(shown.status, shown.stderr).toBe(0);
  });

  test("go on after a kill with what the journal holds, and are refused with other settings", async () => {
    const writer = await startWriter(({ messages, temperature }) => ({
      text: `${messages.at(-1)?.content} at ${temperature}`,
    }));
    const config = `kind: pairs\nattach: ${writer.url}\nprompts: prompts.csv\n`;
    const folder = await temporaryFolder({ "prompts.csv": "prompt\none\ntwo\nthree", "gen.yaml": config });
    await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    const whole = await readFile(join(folder, "rows.jsonl"), "utf8");
    const journal = join(folder, "rows.jsonl.journal");
    const lines = (await readFile(journal, "utf8")).split("\n");
    // As a kill in the third line leaves it.
    await writeFile(journal, lines.slice(0, 3).join("\n").slice(0, -4));
    const before = writer.chats.length;
    const again = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(again.status, again.stderr).toBe(0);
    expect(await readFile(join(folder, "rows.jsonl"), "utf8")).toBe(whole);
    expect(writer.chats.length - before).toBe(4);
    await appendFile(join(folder, "gen.yaml"), "max_tokens: 9\n");
    const other = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(other).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("was begun with other settings or prompts"),
    });
    await writeFile(join(folder, "mine.jsonl"), "mine");
    const mine = await inProcess(["generate", "gen.yaml", "-o", "mine.jsonl"], folder);
    expect(mine).toMatchObject({ status: 2, stderr: expect.stringContaining("this command did not write it") });
  });

  test.each([
    ["goes on", "one", 0],
    ["is refused where the ids are others now", "", 2],
  ])("a journal from before ids were kept %s", async (_, first, status) => {
    const writer = await startWriter(({ messages }) => ({ text: `To ${messages.at(-1)?.content}` }));
    const folder = await temporaryFolder({
      "prompts.jsonl": [first, "two"].map((prompt) => JSON.stringify({ prompt })).join("\n"),
      "gen.yaml": `kind: answers\nattach: ${writer.url}\nprompts: prompts.jsonl\n`,
    });
    const config = await loadGenerateConfig("gen.yaml", folder);
    const asked = [first, "two"].filter((text) => text !== "").map((text) => ({ id: "", asked: text }));
    const requests = itemsOf(config, asked).map((item) => item.requests);
    const key = createHash("sha256")
      .update(JSON.stringify([config, requests]))
      .digest("hex");
    const row = { id: "0", prompt: "kept", response: "from before", cut: false };
    const made = { number: 0, made: { kind: "row", row, key: "[0]" } };
    await writeFile(join(folder, "rows.jsonl.journal"), `${JSON.stringify({ key })}\n${JSON.stringify(made)}\n`);
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(said.status, said.stderr).toBe(status);
    if (status === 0) expect(await rowsIn(join(folder, "rows.jsonl"))).toEqual([row, expect.anything()]);
  });

  test("end at the deadline with what is there", async () => {
    const writer = await startWriter(({ messages }, number) =>
      number > 4 ? null : { text: `${messages.at(-1)?.content} ${number}` },
    );
    const folder = await temporaryFolder({
      "prompts.csv": "prompt\none\ntwo\nthree\nfour\nfive",
      "gen.yaml": `kind: pairs\nattach: ${writer.url}\nprompts: prompts.csv\nconcurrency: 1\n`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl", "--deadline", "2s", "--json"], folder);
    expect(said.status, said.stderr).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ end: "deadline", rows: 2, answered: 2, wanted: 5 });
  });
});

describe("scored texts", () => {
  const config = generateSchema.parse({
    kind: "scored",
    attach: "http://127.0.0.1:1",
    wanted: 200,
    bands: [
      { from: 8, to: 10, prompt: "excellent" },
      { from: 1, to: 4, prompt: "poor" },
    ],
  });
  const items = itemsOf(config, []);
  const made = (prompt: string, text: string): Made => {
    const item = items.find(({ requests }) => requests[0]?.prompt === prompt) ?? expect.unreachable();
    return makeRow(config, item, [{ text, cut: false }]);
  };

  test.each([
    ["excellent", "A fine answer. - 9", { score: 9, label: 1, text: "A fine answer." }],
    ["excellent", "First - second - 10", { score: 10, text: "First - second" }],
    ["poor", "Bad.\n - 1", { score: 1, label: 0, text: "Bad." }],
  ])("take the score behind the last dash: %s, %j", (prompt, text, row) => {
    expect(made(prompt, text)).toMatchObject({ kind: "row", row });
  });

  test.each([
    ["excellent", "A fine answer.", "no score from 1 to 10 stands at the end"],
    ["excellent", "A fine answer - 11", "no score from 1 to 10 stands at the end"],
    ["excellent", "A fine answer - 0", "no score from 1 to 10 stands at the end"],
    ["excellent", "9 - not at the end", "no score from 1 to 10 stands at the end"],
    ["excellent", " - 9", "no score from 1 to 10 stands at the end"],
    ["poor", "It is fine - 9", "the score is not of the band that was asked for"],
  ])("drop what has none: %s, %j", (prompt, text, reason) => {
    expect(made(prompt, text)).toEqual({ kind: "dropped", reason });
  });

  test("draw every band about as often, by the seed alone", () => {
    const excellent = items.filter(({ requests }) => requests[0]?.prompt === "excellent").length;
    expect(excellent).toBeGreaterThan(70);
    expect(excellent).toBeLessThan(130);
    expect(itemsOf(config, [])).toEqual(items);
  });

  test("are collected once each, in the order of their numbers, whatever the order of the answers", () => {
    const one = fc.record({ number: fc.nat(50), text: fc.constantFrom("x", "y", "z") });
    fc.assert(
      fc.property(fc.uniqueArray(one, { selector: ({ number }) => number }), (list) => {
        const map = (entries: typeof list) =>
          new Map(
            entries.map(({ number, text }) => [number, { kind: "row", row: { number, text }, key: text } as const]),
          );
        const { rows, dropped } = collect(map(list));
        expect(collect(map(list.toReversed()))).toEqual({ rows, dropped });
        expect(rows).toHaveLength(new Set(list.map(({ text }) => text)).size);
        expect(rows.length + (dropped["it repeats an earlier one"] ?? 0)).toBe(list.length);
      }),
    );
  });
});

describe("answers", () => {
  test("are one to each prompt or chat, most probable by default, without the answer that the chat ends with", async () => {
    const writer = await startWriter(({ messages }) => {
      const asked = messages.at(-1)?.content ?? "";
      return asked === "long"
        ? { text: "many words", finish: "length" }
        : { text: asked === "empty" ? "" : `To: ${asked}` };
    });
    const chat = (...contents: readonly string[]) =>
      contents.map((content, at) => ({ role: ["user", "assistant"][at % 2], content }));
    const rows = [
      { messages: chat("one", "a known answer") },
      { messages: [{ role: "system", content: "Be rude." }, ...chat("two", "Why?", "three")] },
      { messages: "just a prompt" },
      { messages: chat("one", "another known answer") },
      { messages: chat("long") },
      { messages: chat("empty") },
    ];
    const folder = await temporaryFolder({
      "chats.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
      "gen.yaml": `kind: answers\nattach: ${writer.url}\nprompts: chats.jsonl\ncolumn: messages\nsystem: Be brief.\nmax_tokens: 300\nconcurrency: 1\n`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "answers.jsonl", "--json"], folder);
    expect(said.status, said.stderr).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ rows: 5, wanted: 6, dropped: { "the answer is empty": 1 } });
    expect(await rowsIn(join(folder, "answers.jsonl"))).toEqual([
      { id: "0", messages: chat("one"), response: "To: one", cut: false },
      { id: "1", messages: rows[1]?.messages, response: "To: three", cut: false },
      { id: "2", prompt: "just a prompt", response: "To: just a prompt", cut: false },
      { id: "3", messages: chat("one"), response: "To: one", cut: false },
      { id: "4", messages: chat("long"), response: "many words", cut: true },
    ]);
    const brief = { role: "system", content: "Be brief." };
    expect(writer.chats.map(({ messages }) => messages).slice(0, 3)).toEqual([
      [brief, ...chat("one")],
      rows[1]?.messages,
      [brief, ...chat("just a prompt")],
    ]);
    expect(writer.chats[0]).toMatchObject({ temperature: 0, max_tokens: 300 });
  });
});

describe("the ids of what is written", () => {
  const texts = ["", "one", "two", "one"];
  test.each([
    ["answers", "id", texts.map((prompt, at) => ({ id: `row-${at}`, prompt })), ["row-1", "row-2", "row-3"]],
    ["pairs", "id", texts.map((prompt, at) => ({ id: `row-${at}`, prompt })), ["row-1", "row-2"]],
    ["answers", "another usual name", texts.map((prompt, at) => ({ uid: at + 10, prompt })), ["11", "12", "13"]],
    [
      "answers",
      "a name that is given",
      texts.map((prompt, at) => ({ id: 7, nr: at + 10, prompt })),
      ["11", "12", "13"],
      "nr",
    ],
    ["answers", "none: the number in the file", texts.map((prompt) => ({ prompt })), ["1", "2", "3"]],
  ])("are those of the rows that ask: %s, %s", async (kind, _, rows, ids, named = "") => {
    const writer = await startWriter(({ messages, temperature }) => ({
      text: `To ${messages.at(-1)?.content} at ${temperature}`,
    }));
    const folder = await temporaryFolder({
      "prompts.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
      "gen.yaml": `kind: ${kind}\nattach: ${writer.url}\nprompts: prompts.jsonl\n${named === "" ? "" : `id: ${named}\n`}`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(said.status, said.stderr).toBe(0);
    expect((await rowsIn(join(folder, "rows.jsonl"))).map(({ id }) => id)).toEqual(ids);
  });

  test.each([
    ["repeated", "prompt_id", ["x", "y", "x"], 'line 4: the id "x" was already used on line 2'],
    ["empty", "id", ["x", "", "z"], "line 3: the id is empty"],
  ])("are numbers where those of a usual column are %s, and a note says so", async (_, column, values, finding) => {
    const writer = await startWriter(({ messages }) => ({ text: `To ${messages.at(-1)?.content}` }));
    const folder = await temporaryFolder({
      "prompts.csv": [`prompt,${column}`, ...values.map((value, at) => `p${at},${value}`)].join("\n"),
      "gen.yaml": `kind: answers\nattach: ${writer.url}\nprompts: prompts.csv\n`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(said.status, said.stderr).toBe(0);
    expect((await rowsIn(join(folder, "rows.jsonl"))).map(({ id }) => id)).toEqual(["0", "1", "2"]);
    expect(said.stderr).toContain(`the column "${column}" gives not every row an id of its own (${finding})`);
  });

  test.each([
    [
      "repeated",
      "prompt,id\none,x\ntwo,x",
      "id: id\n",
      'line 3: the id "x" was already used on line 2. Rows are joined by id',
    ],
    ["empty", "prompt,id\none,x\ntwo,", "id: id\n", "line 3: the id is empty"],
    ["in no column, and id is named", "prompt,nr\none,x", "id: id\n", 'the column "id" is missing'],
    [
      "in a column that is not there",
      "prompt,id\none,x",
      "id: nr\n",
      'the column "nr" is missing. The header is: prompt, id. Rename the column in the file, or name it in the config: `column`',
    ],
  ])("are refused in the column that is named where they are %s", async (_, rows, more, message) => {
    const folder = await temporaryFolder({
      "prompts.csv": rows,
      "gen.yaml": `kind: answers\nattach: http://127.0.0.1:1\nprompts: prompts.csv\n${more}`,
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
    expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining(message) });
  });
});

test.each(["prompts.jsonl", "run/rows.jsonl", "run/journal.jsonl"])(
  "a file that the command reads, or one of a run, is not written, also where it is not there: %s",
  async (output) => {
    const folder = await temporaryFolder({
      "prompts.jsonl": JSON.stringify({ prompt: "one" }),
      "prompts.jsonl.journal": "",
      "run/manifest.json": "{}",
      "gen.yaml": "kind: answers\nattach: http://127.0.0.1:1\nprompts: prompts.jsonl\n",
    });
    const said = await inProcess(["generate", "gen.yaml", "-o", output], folder);
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("the file of rows (-o)") });
    expect(existsSync(join(folder, "run/rows.jsonl.journal"))).toBe(false);
  },
);

test("a config with mistakes is refused with all of them", async () => {
  const folder = await temporaryFolder({
    "gen.yaml": "kind: pairs\nattach: http://x\npromts: p.csv\none: {temperature: 9}\n",
  });
  const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder);
  expect(said.status).toBe(2);
  expect(said.stderr).toContain("gen.yaml:3:1  promts is not a known key");
  expect(said.stderr).toContain("one.temperature expected at most 5, found 9");
});

test("a key with a line break is refused before anything is asked, and not shown", async () => {
  const folder = await temporaryFolder({
    "prompts.jsonl": JSON.stringify({ prompt: "one" }),
    "gen.yaml": "kind: answers\nattach: http://127.0.0.1:1\nprompts: prompts.jsonl\n",
  });
  const env = { OPENAI_API_KEY: "sk-hidden\n" };
  const said = await inProcess(["generate", "gen.yaml", "-o", "rows.jsonl"], folder, env);
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("OPENAI_API_KEY contains a line break") });
  expect(said.stderr).not.toContain("hidden");
});
