import { describe, expect, test } from "vitest";
import { serverTokenizer, type TokenizeBody } from "../../src/prompt/tokenizer/server.ts";
import type { Message } from "../../src/prompt/tokenizer/tokenizer.ts";

const CHAT: readonly Message[] = [
  { role: "system", content: "judge" },
  { role: "user", content: "A or B?" },
];

class Refusal extends Error {
  readonly kind = "bad-request";
}

describe("serverTokenizer", () => {
  test("asks for a text with and without special tokens", async () => {
    const bodies: TokenizeBody[] = [];
    const tokenizer = recording(bodies);
    expect(await tokenizer.encode("hello", true)).toEqual([1, 2, 3]);
    await tokenizer.encode("hello", false);
    expect(bodies).toEqual([
      { prompt: "hello", add_special_tokens: true },
      { prompt: "hello", add_special_tokens: false },
    ]);
  });

  test("lets the server continue the answer that the prefix began, and begin one when there is none", async () => {
    const bodies: TokenizeBody[] = [];
    const tokenizer = recording(bodies);
    await tokenizer.encodeChat(CHAT, "Answer:");
    await tokenizer.encodeChat(CHAT, "");
    expect(bodies).toEqual([
      {
        messages: [...CHAT, { role: "assistant", content: "Answer:" }],
        add_generation_prompt: false,
        continue_final_message: true,
        add_special_tokens: false,
      },
      { messages: CHAT, add_generation_prompt: true, continue_final_message: false, add_special_tokens: false },
    ]);
  });

  test("puts the system text into the user's message once the server has refused the role, and remembers", async () => {
    let refused = 0;
    const tokenizer = serverTokenizer(async (body) => {
      const system = "messages" in body && body.messages[0]?.role === "system";
      if (system) {
        refused++;
        throw new Refusal("System role not supported");
      }
      return "messages" in body && body.messages[0]?.content === "judge\n\nA or B?" ? [7] : [];
    });
    expect(await tokenizer.encodeChat(CHAT, "Answer:")).toEqual([7]);
    expect(await tokenizer.encodeChat(CHAT, "Answer:")).toEqual([7]);
    expect(refused).toBe(1);
  });

  test("passes on every other failure", async () => {
    const tokenizer = serverTokenizer(() => Promise.reject(new Error("connection lost")));
    await expect(tokenizer.encodeChat(CHAT, "Answer:")).rejects.toThrow("connection lost");
  });

  test("lists the control tokens of the usual model families", () => {
    expect(recording([]).controlTokens).toEqual(
      expect.arrayContaining(["<|im_end|>", "<|eot_id|>", "[/INST]", "</s>"]),
    );
  });
});

function recording(bodies: TokenizeBody[]): ReturnType<typeof serverTokenizer> {
  return serverTokenizer(async (body) => {
    bodies.push(body);
    return [1, 2, 3];
  });
}
