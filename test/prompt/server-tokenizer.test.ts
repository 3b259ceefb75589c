import { describe, expect, test } from "vitest";
import { RequestError } from "../../src/engine/client/request-error.ts";
import { openTokenizer } from "../../src/fake-server/tokens.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { type ServerText, serverTokenizer, type TokenizeBody } from "../../src/prompt/tokenizer/server.ts";
import type { Message } from "../../src/prompt/tokenizer/tokenizer.ts";
import { fixtureFolder, fixtureTokenizer, SETTINGS } from "./helpers.ts";

const CHAT: readonly Message[] = [
  { role: "system", content: "judge" },
  { role: "user", content: "A or B?" },
];

/** The server's clock shows the day of the settings. */
const NOW = (): number => Date.parse(SETTINGS.date);

describe("serverTokenizer", () => {
  test("asks for a text with and without special tokens", async () => {
    const { server, bodies } = recording();
    const tokenizer = serverTokenizer(server, SETTINGS, NOW);
    expect(await tokenizer.encode("hello", false)).toEqual(
      await (await fixtureTokenizer("bytelevel")).encode("hello", false),
    );
    await tokenizer.encode("hello", true);
    expect(bodies.slice(0, 2)).toEqual([
      { prompt: "hello", add_special_tokens: false },
      { prompt: "hello", add_special_tokens: true },
    ]);
  });

  test("leaves out an end-of-sequence token that the server puts behind a text", async () => {
    const { server } = recording();
    const ends: ServerText = {
      ...server,
      tokenize: async (body) => [
        ...(await server.tokenize(body)),
        ...("add_special_tokens" in body && body.add_special_tokens ? [2] : []),
      ],
    };
    const local = await fixtureTokenizer("bytelevel");
    expect(await serverTokenizer(ends, SETTINGS, NOW).encode("hello", true)).toEqual(await local.encode("hello", true));
  });

  test("costs one request a row once the end of the prompts is known, and sends the settings of the chat", async () => {
    const { server, bodies } = recording();
    const tokenizer = serverTokenizer(server, SETTINGS, NOW);
    await tokenizer.encodeChat(CHAT, "Answer:");
    const before = bodies.length;
    const other = [CHAT[0], { role: "user", content: "Another text, and A or B?" }] as const;
    await tokenizer.encodeChat(other as readonly Message[], "Answer:");
    expect(bodies.slice(before)).toEqual([
      {
        messages: other,
        add_generation_prompt: true,
        chat_template_kwargs: SETTINGS.kwargs,
        add_special_tokens: false,
      },
    ]);
    expect(bodies.some((body) => "continue_final_message" in body)).toBe(false);
  });

  test("asks again after a failure", async () => {
    const { server } = recording();
    let failures = 1;
    const weak: ServerText = {
      ...server,
      tokenize: async (body) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error("connection lost");
        }
        return server.tokenize(body);
      },
    };
    const tokenizer = serverTokenizer(weak, SETTINGS, NOW);
    await expect(tokenizer.encodeChat(CHAT, "Answer:")).rejects.toThrow("connection lost");
    expect((await tokenizer.encodeChat(CHAT, "Answer:")).length).toBeGreaterThan(3);
  });

  test("names the remedy when the server cannot turn ids into text, or gives another text", async () => {
    const { server } = recording();
    const missing = new RequestError("bad-request", "404 Not Found", { status: 404 });
    const without: ServerText = { ...server, detokenize: () => Promise.reject(missing) };
    await expect(serverTokenizer(without, SETTINGS, NOW).encodeChat(CHAT, "Answer:")).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/no \/detokenize.*set engine\.tokenizer to the folder/),
    });
    const strange: ServerText = { ...server, detokenize: async () => "something else" };
    await expect(serverTokenizer(strange, SETTINGS, NOW).encodeChat(CHAT, "Answer:")).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("set engine.tokenizer to the folder"),
    });
  });

  test("gives the same ids when /detokenize drops the space at the beginning of a text", async () => {
    const folder = fixtureFolder("metaspace");
    const local = await loadTokenizer(folder, SETTINGS);
    const { server } = recording(folder);
    const user: readonly Message[] = [{ role: "user", content: "Which is better, A or B?" }];
    const stripping: ServerText = { ...server, detokenize: async (ids) => (await server.detokenize(ids)).trimStart() };
    for (const prefix of ["Answer:", "Answer: A", " tie", ""]) {
      expect(await serverTokenizer(stripping, SETTINGS, NOW).encodeChat(user, prefix)).toEqual(
        await local.encodeChat(user, prefix),
      );
    }
  });

  test("asks which control tokens it has: the well-known ones, those of its template, and those that data could mean", async () => {
    const { server, bodies } = recording();
    const local = await (await loadTokenizer(fixtureFolder("bytelevel"), SETTINGS)).control([]);
    const tokenizer = serverTokenizer(server, SETTINGS, NOW);
    const first = await tokenizer.control(["nothing here <b>bold</b>"]);
    expect(first.texts).toEqual(expect.arrayContaining(["<|im_start|>", "<|im_end|>"]));
    expect(first.texts).not.toContain("</s>");
    expect([...first.ids].every((id) => local.ids.has(id))).toBe(true);
    const asked = bodies.length;
    expect(await tokenizer.control(["again <b>bold</b>"])).toBe(first);
    expect(bodies.length).toBe(asked);
    const more = await tokenizer.control(["<|reserved_0|> and <|tool|>, not <|other|>"]);
    expect(more.texts).toEqual(expect.arrayContaining(["<|reserved_0|>", "<|tool|>"]));
    expect(more.texts).not.toContain("<|other|>");
    expect([...more.ids].toSorted()).toEqual([...local.ids].toSorted());
    expect(bodies.length).toBe(asked + 3);
  });

  test("takes no tag of HTML in the data for a control token, though it may be a single id", async () => {
    const { server } = recording();
    const tokenizer = serverTokenizer(server, SETTINGS, NOW);
    const tagged: ServerText = {
      ...server,
      tokenize: async (body) => ("prompt" in body && body.prompt === "<strong>" ? [7] : server.tokenize(body)),
    };
    const { texts } = await serverTokenizer(tagged, SETTINGS, NOW).control(["<strong>yes</strong>"]);
    expect(texts).toEqual((await tokenizer.control([])).texts);
  });

  test("knows no control token but those in raw prompts when the server has no chat template", async () => {
    const { server } = recording();
    const bare: ServerText = {
      ...server,
      tokenize: async (body) => {
        if ("messages" in body) throw new RequestError("bad-request", "400 no chat template", { status: 400 });
        return server.tokenize(body);
      },
    };
    const { texts, markers } = await serverTokenizer(bare, SETTINGS, NOW).control([]);
    expect(texts).toContain("<|im_end|>");
    expect(markers).toEqual([]);
  });
});

/** A server with the model of a folder, without HTTP, that records what it was asked to tokenise. */
function recording(folder = fixtureFolder("bytelevel")): { server: ServerText; bodies: TokenizeBody[] } {
  const model = openTokenizer(folder, () => new Date().toISOString().slice(0, 10));
  const bodies: TokenizeBody[] = [];
  return {
    bodies,
    server: {
      tokenize: async (body) => {
        bodies.push(body);
        try {
          return model.tokenize(body);
        } catch (cause) {
          throw new RequestError("bad-request", "400 the template refuses", { status: 400, cause });
        }
      },
      detokenize: async (ids) => model.detokenize(ids),
    },
  };
}
